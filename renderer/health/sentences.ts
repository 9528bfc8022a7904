/** The one sentence about the pool. */
import type { Health } from '../../shared/index.ts'
import { countText, filesText } from '../words/sizes.ts'

export function healthSentence({ state, files }: Pick<Health, 'state' | 'files'>, machines: number): string {
  switch (state) {
    case 'no-pool':
      return 'This machine is in no pool.'
    case 'protected':
      if (files.total === 0) return 'Nothing is stored yet. Everything works.'
      return machines < 2
        ? `All ${filesText(files.total)} are on this machine.`
        : `${files.total === 1 ? 'The one file has its' : `All ${filesText(files.total)} have their`} copies on different machines.`
    case 'copying':
      return `${filesText(files.copying)} ${are(files.copying)} being copied to other machines.`
    case 'degraded':
      return `${filesText(files.degraded)} ${have(files.degraded)} fewer copies than wanted.`
    case 'at-risk':
      return machines < 2
        ? `${filesText(files.atRisk)} ${are(files.atRisk)} on one machine only.`
        : `${filesText(files.atRisk)} ${have(files.atRisk)} only one copy left.`
    case 'unreachable':
      return `${filesText(files.unreachable)} cannot be opened now: the machines that hold ${files.unreachable === 1 ? 'it' : 'them'} are off.`
    case 'lost':
      return `${filesText(files.lost)} ${are(files.lost)} lost: no machine has all of ${files.lost === 1 ? 'it' : 'them'}. ${countText(files.total - files.lost)} others are there.`
  }
}

const are = (count: number): string => (count === 1 ? 'is' : 'are')
const have = (count: number): string => (count === 1 ? 'has' : 'have')
