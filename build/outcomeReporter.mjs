// A node:test reporter that writes one line per finished test: passed, failed or skipped. The runner adds them up; unlike
// node's own summary they are there even when a file hangs and has to be killed.

/** @typedef {{ skip?: unknown, todo?: unknown, details?: { type?: string } }} Outcome */

export default async function* outcomeReporter(/** @type {AsyncIterable<{ type: string, data: Outcome }>} */ events) {
  for await (const { type, data } of events) {
    if (data.details?.type === 'suite' || (type !== 'test:pass' && type !== 'test:fail')) continue
    const unmeant = data.skip !== undefined || data.todo !== undefined
    yield unmeant ? 'skipped\n' : type === 'test:pass' ? 'passed\n' : 'failed\n'
  }
}
