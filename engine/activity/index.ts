/** What happened: the diary, and who writes into it what the pool has done. */
export { Diary } from './diary.ts'
export { PoolWatch } from './watch.ts'
