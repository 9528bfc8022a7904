import assert from 'node:assert/strict'
import test from 'node:test'
import { areaPath, trafficSentence, trafficText } from './trafficText.ts'

const traffic = (sent: readonly number[], received: readonly number[]) => ({
  stepMs: 60_000,
  sentBytesPerSec: [...sent],
  receivedBytesPerSec: [...received],
})

test('what hardly moves is quiet', () => {
  assert.equal(trafficText(traffic([300, 300], [0, 900])), 'quiet')
  assert.equal(trafficSentence(traffic([300, 300], [0, 900])), 'No traffic in the last 2 minutes.')
})

test('directions are told apart, and the most of the span', () => {
  assert.equal(trafficText(traffic([0, 1_500_000], [0, 20_000])), '↑ 1.5 MB/s  ↓ 20 kB/s')
  assert.equal(trafficText(traffic([0, 0], [0, 20_000])), '↓ 20 kB/s')
  assert.match(
    trafficSentence(traffic([9_000_000, 0], [0, 20_000])),
    /^Sending 0 bytes\/s and receiving 20 kB\/s; at most 9 MB\/s in the last 2 minutes/,
  )
})

test('the outline stays within its box, and its highest value touches the edge', () => {
  assert.equal(areaPath([0, 1_000_000, 500_000], 100, 20), 'M0 20L0 20L50 0L100 10L100 20Z')
  assert.equal(areaPath([0, 100_000], 100, 20), 'M0 20L0 20L100 10L100 20Z')
})
