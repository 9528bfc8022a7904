/**
 * A progress bar on a terminal; nothing anywhere else. Totals may grow while a tree is still being listed.
 */
import { SingleBar } from 'cli-progress'
import { formatBytes } from '../shared/index.ts'

export interface Progress extends Disposable {
  /** More to do was found. */
  found(files: number, bytes: number): void
  done(files: number, bytes: number): void
}

export function showProgress(verb: string): Progress {
  if (!process.stderr.isTTY) return { found() {}, done() {}, [Symbol.dispose]() {} }
  const sums = { files: 0, bytes: 0, filesDone: 0, bytesDone: 0 }
  const startedMs = performance.now()
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${verb} {bar} {percentage}%  {files} files  {bytes}  {rate}/s`,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 100,
    fps: 5,
  })
  const payload = () => ({
    files: `${sums.filesDone}/${sums.files}`,
    bytes: `${formatBytes(sums.bytesDone)}/${formatBytes(sums.bytes)}`,
    rate: formatBytes((sums.bytesDone / Math.max(1, performance.now() - startedMs)) * 1000),
  })
  bar.start(1, 0, payload())
  // A file weighs a little beside its bytes, so that many empty ones move the bar too.
  const weight = (files: number, bytes: number) => files * 4096 + bytes
  return {
    found(files, bytes) {
      sums.files += files
      sums.bytes += bytes
      bar.setTotal(Math.max(1, weight(sums.files, sums.bytes)))
    },
    done(files, bytes) {
      sums.filesDone += files
      sums.bytesDone += bytes
      bar.update(weight(sums.filesDone, sums.bytesDone), payload())
    },
    [Symbol.dispose]: () => bar.stop(),
  }
}
