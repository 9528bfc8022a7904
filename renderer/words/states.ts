/**
 * Words, colours and icons of states, as people meet them. Colour is never the only sign: each state has its own icon and word.
 */
import {
  IconArrowsExchange,
  IconCloudOff,
  IconMoon,
  IconPlugConnected,
  IconPlugConnectedX,
  IconPower,
  IconShieldCheck,
  IconShieldExclamation,
  IconShieldHalf,
  IconShieldX,
  IconTrash,
  type Icon,
} from '@tabler/icons-react'
import type { Entry, FileCounts, FileState, Node, Reason } from '../../shared/index.ts'
import { sinceText, timeText } from './times.ts'

export interface StateLook {
  readonly word: string
  /** CSS colour. */
  readonly color: string
  readonly icon: Icon
}

export const fileStateLooks: Readonly<Record<FileState, StateLook>> = {
  protected: { word: 'Protected', color: 'var(--state-protected)', icon: IconShieldCheck },
  copying: { word: 'Copying', color: 'var(--state-copying)', icon: IconArrowsExchange },
  degraded: { word: 'Fewer copies', color: 'var(--state-degraded)', icon: IconShieldHalf },
  'at-risk': { word: 'At risk', color: 'var(--state-at-risk)', icon: IconShieldExclamation },
  unreachable: { word: 'Away', color: 'var(--state-unreachable)', icon: IconCloudOff },
  lost: { word: 'Lost', color: 'var(--state-lost)', icon: IconShieldX },
}

/** Files by state, the best first. */
export function filesByState(files: FileCounts): readonly (readonly [state: FileState, files: number])[] {
  return [
    ['protected', files.protected],
    ['copying', files.copying],
    ['degraded', files.degraded],
    ['at-risk', files.atRisk],
    ['unreachable', files.unreachable],
    ['lost', files.lost],
  ]
}

/**
 * What a state means for this entry: why, and what next, in the engine's words where it has some. `machines` gives the
 * names of those that hold it.
 */
export function stateSentence(entry: Entry, machines: readonly Pick<Node, 'id' | 'name'>[] = []): string {
  if (entry.reasons.length > 0) return entry.reasons.map(reasonSentence).join(' ')
  if (entry.kind === 'folder') return entry.state === 'protected' ? 'Everything inside has its copies.' : ''
  const { durable, wanted } = entry.copies
  if (entry.state !== 'protected') return `${durable} of ${copiesText(wanted)}.`
  const names = (entry.nodes ?? []).flatMap((id) => machines.find((machine) => machine.id === id)?.name ?? [])
  return names.length === 0 ? `${copiesText(durable)}.` : `${copiesText(durable)}: ${names.join(', ')}.`
}

/** The text without its full stop goes on with since when the machine is away, or when it was removed. */
function reasonSentence({ code, text, action, since }: Reason): string {
  const when = (time: string) => (code === 'lost' ? `(${timeText(time)})` : `since ${sinceText(time)}`)
  const whole = since === undefined ? text : `${text.replace(/\.$/, '')} ${when(since)}.`
  return [whole, action].filter(Boolean).join(' ')
}

function copiesText(count: number): string {
  return count === 1 ? '1 copy' : `${count} copies`
}

export function machineLook(node: Pick<Node, 'state' | 'lastSeen' | 'drain'>): StateLook {
  if (node.drain && node.state !== 'removed')
    return { word: 'Leaving', color: 'var(--state-degraded)', icon: IconPlugConnectedX }
  switch (node.state) {
    case 'online':
      return { word: 'Online', color: 'var(--state-protected)', icon: IconPlugConnected }
    case 'suspect':
      return { word: 'Not answering', color: 'var(--state-degraded)', icon: IconPlugConnectedX }
    case 'offline': {
      const since = node.lastSeen === null ? '' : ` since ${sinceText(node.lastSeen)}`
      return { word: `Off${since}`, color: 'var(--state-unreachable)', icon: IconPower }
    }
    case 'away':
      return { word: 'Asleep', color: 'var(--state-unreachable)', icon: IconMoon }
    case 'removed':
      return { word: 'Removed', color: 'var(--state-unreachable)', icon: IconTrash }
  }
}
