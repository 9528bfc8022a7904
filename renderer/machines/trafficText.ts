/** Traffic in words and as the outline of a small area chart. Pure. */
import type { NodeTraffic } from '../../shared/index.ts'
import { sizeText } from '../words/sizes.ts'

/** Heartbeats and the like are no traffic to speak of. */
const quietBytesPerSec = 2000
/** A chart's full height is at least so much, so that a trickle does not look like a flood. */
const leastTopBytesPerSec = 200_000

/** Both directions together, the oldest first. */
export function totals({ sentBytesPerSec, receivedBytesPerSec }: NodeTraffic): number[] {
  return sentBytesPerSec.map((sent, at) => sent + (receivedBytesPerSec[at] ?? 0))
}

export function trafficText(traffic: NodeTraffic): string {
  const [sent, received] = [traffic.sentBytesPerSec.at(-1) ?? 0, traffic.receivedBytesPerSec.at(-1) ?? 0]
  const parts = [
    sent >= quietBytesPerSec ? `↑ ${sizeText(sent)}/s` : '',
    received >= quietBytesPerSec ? `↓ ${sizeText(received)}/s` : '',
  ].filter(Boolean)
  return parts.length === 0 ? 'quiet' : parts.join('  ')
}

/** The same as a sentence, for those who do not see the chart. */
export function trafficSentence(traffic: NodeTraffic): string {
  const [sent, received] = [traffic.sentBytesPerSec.at(-1) ?? 0, traffic.receivedBytesPerSec.at(-1) ?? 0]
  const minutes = Math.round((traffic.stepMs * traffic.sentBytesPerSec.length) / 60_000)
  const most = Math.max(0, ...totals(traffic))
  if (most < quietBytesPerSec) return `No traffic in the last ${minutes} minutes.`
  const now =
    sent + received < quietBytesPerSec
      ? 'Quiet now'
      : `Sending ${sizeText(sent)}/s and receiving ${sizeText(received)}/s`
  return `${now}; at most ${sizeText(most)}/s in the last ${minutes} minutes.`
}

/** Path of an area over so many pixels; the highest value, or the least top, reaches the upper edge. */
export function areaPath(values: readonly number[], width: number, height: number): string {
  const top = Math.max(leastTopBytesPerSec, ...values)
  const stepPx = width / Math.max(1, values.length - 1)
  const points = values.map((value, at) => `L${round(at * stepPx)} ${round(height - (height * value) / top)}`)
  return `M0 ${height}${points.join('')}L${width} ${height}Z`
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
