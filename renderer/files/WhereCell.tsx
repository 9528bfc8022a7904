/** The machines that a file is on, those that are off dimmed; where there is no room for all, how many more. */
import type { Entry } from '../../shared/index.ts'
import type { MachineFacts } from '../machines/machineFacts.ts'
import classes from './FileList.module.css'
import { whereOf } from './where.ts'

const namesShown = 2

export function WhereCell({ entry, machines }: { readonly entry: Entry; readonly machines: MachineFacts }) {
  const { machines: holders, sentence } = whereOf(entry, machines)
  const more = holders.length - namesShown
  return (
    <div role="gridcell" className={classes.where} title={sentence}>
      {holders.slice(0, namesShown).map(({ id, name, isThere }, at) => (
        <span key={id} className={isThere ? undefined : classes.off}>
          {at === 0 ? '' : ', '}
          {name}
        </span>
      ))}
      {more > 0 ? <span> +{more}</span> : null}
    </div>
  )
}
