/**
 * A PDF, drawn page by page as it is scrolled to, from ranges of the file. The library comes only when a PDF is opened; its
 * scripting, forms and links stay off.
 */
import { Loader } from '@mantine/core'
import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist'
// oxlint-disable-next-line import/default -- the build makes it the file's address
import workerAddress from 'pdfjs-dist/build/pdf.worker.min.mjs?url'
import { useEffect, useRef, useState } from 'react'
import classes from './Preview.module.css'

GlobalWorkerOptions.workerSrc = workerAddress

export default function PdfPreview({ address, onFail }: { readonly address: string; readonly onFail: () => void }) {
  const [document, setDocument] = useState<PDFDocumentProxy | null>(null)
  const fail = useRef(onFail)
  useEffect(() => {
    const task = getDocument({ url: address, enableXfa: false, stopAtErrors: false, useWasm: false })
    task.promise.then(setDocument, (error: Error) => {
      if (error.name !== 'AbortException' && !task.destroyed) fail.current()
    })
    return () => void task.destroy()
  }, [address])
  if (document === null) return <Loader />
  return (
    <div className={classes.pages} role="document" aria-label={`${document.numPages} pages`} tabIndex={0}>
      {Array.from({ length: document.numPages }, (_, at) => (
        <PdfPage key={at + 1} document={document} number={at + 1} />
      ))}
    </div>
  )
}

const widthPx = 860
/** Of a page that has not been seen yet: A4. */
const usualRatio = Math.SQRT2

function PdfPage({ document, number }: { readonly document: PDFDocumentProxy; readonly number: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const target = canvas.current
    if (target === null) return undefined
    let drawing: { cancel(): void } | undefined
    const draw = async (): Promise<void> => {
      const page = await document.getPage(number)
      const scale = widthPx / page.getViewport({ scale: 1 }).width
      const viewport = page.getViewport({ scale: scale * devicePixelRatio })
      target.width = viewport.width
      target.height = viewport.height
      target.style.height = 'auto'
      const task = page.render({ canvas: target, viewport })
      drawing = task
      await task.promise
    }
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return
        seen.disconnect()
        draw().catch(() => undefined) // cancelled since the preview closed, or a page that is damaged stays white
      },
      { rootMargin: '800px' },
    )
    seen.observe(target)
    return () => {
      seen.disconnect()
      drawing?.cancel()
    }
  }, [document, number])
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`Page ${number}`}
      style={{ width: widthPx, height: widthPx * usualRatio }}
    />
  )
}
