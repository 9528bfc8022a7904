/**
 * Selecting by a rubber band drawn with the mouse over the free parts of a list, as in a file manager. What it covers follows from
 * arithmetic, not from elements, since most rows are not drawn. Near an edge the list scrolls on.
 */
import { type MouseEvent, type PointerEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import type { Select } from './useSelection.ts'

/** Pixels from the list's own upper left corner, scrolled parts included. */
export interface Band {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

interface Parts {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly select: Select
  /** Ids of the rows that a band touches, in order. */
  readonly idsIn: (band: Band) => readonly string[]
}

/** Shorter is a click. */
const leastPx = 5
const edgePx = 28
const scrollPxPerFrame = 14

interface Point {
  readonly x: number
  readonly y: number
}

export function useRubberBand({ scroller, select, idsIn }: Parts) {
  const [band, setBand] = useState<Band | null>(null)
  const latest = useRef(idsIn)
  latest.current = idsIn
  const stop = useRef((): void => undefined)
  const wasDrawn = useRef(false)
  useEffect(() => () => stop.current(), [])

  const onPointerDown = useCallback(
    (event: PointerEvent<HTMLDivElement>) => {
      const list = scroller.current
      wasDrawn.current = false
      if (list === null || event.button !== 0 || event.pointerType !== 'mouse' || !isFree(event.target, list)) return
      const keeps = event.ctrlKey || event.metaKey || event.shiftKey
      const from = pointIn(list, event.clientX, event.clientY)
      let client: Point = { x: event.clientX, y: event.clientY }
      let kept: ReadonlySet<string> | null = null
      let frame = 0
      const draw = (): void => {
        const edges = list.getBoundingClientRect()
        if (wasDrawn.current && client.y > edges.bottom - edgePx) list.scrollTop += scrollPxPerFrame
        else if (wasDrawn.current && client.y < edges.top + edgePx) list.scrollTop -= scrollPxPerFrame
        const to = pointIn(list, client.x, client.y)
        if (wasDrawn.current || Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)) >= leastPx) {
          wasDrawn.current = true
          const next = bandOf(from, to)
          setBand(next)
          const ids = latest.current(next)
          select((before) => {
            kept ??= keeps ? before.ids : new Set()
            return { ids: new Set([...kept, ...ids]), focus: before.focus, anchor: ids[0] ?? before.anchor }
          })
        }
        frame = requestAnimationFrame(draw)
      }
      const move = (moved: globalThis.PointerEvent): void => {
        client = { x: moved.clientX, y: moved.clientY }
      }
      stop.current = () => {
        cancelAnimationFrame(frame)
        removeEventListener('pointermove', move)
        removeEventListener('pointerup', stop.current)
        removeEventListener('pointercancel', stop.current)
        setBand(null)
      }
      addEventListener('pointermove', move)
      addEventListener('pointerup', stop.current)
      addEventListener('pointercancel', stop.current)
      frame = requestAnimationFrame(draw)
    },
    [scroller, select],
  )

  /** The click that ends a band picks nothing. */
  const onClickCapture = useCallback((event: MouseEvent) => {
    if (!wasDrawn.current) return
    wasDrawn.current = false
    event.stopPropagation()
  }, [])

  return { band, onPointerDown, onClickCapture }
}

/** Not on what is dragged, edited or pressed itself, nor on the scroll bar. */
function isFree(target: EventTarget, list: HTMLElement): boolean {
  return target instanceof Element && target !== list
    ? target.closest('[draggable=true], button, input, a') === null
    : target === list
}

function pointIn(list: HTMLElement, clientX: number, clientY: number): Point {
  const edges = list.getBoundingClientRect()
  const x = Math.min(Math.max(clientX, edges.left), edges.right)
  const y = Math.min(Math.max(clientY, edges.top), edges.bottom)
  return { x: x - edges.left + list.scrollLeft, y: y - edges.top + list.scrollTop }
}

function bandOf(a: Point, b: Point): Band {
  return {
    left: Math.min(a.x, b.x),
    top: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  }
}
