/** What can be undone, newest last, and the toast that offers it. An action that cannot be undone is asked before instead. */
import { notifications } from '@mantine/notifications'
import { createElement } from 'react'
import { wordsOf } from '../api/client.ts'
import { UndoToast } from './UndoToast.tsx'

interface Undo {
  readonly id: string
  run(): Promise<void>
}

const kept = 50
const shownMs = 8000
const undos: Undo[] = []
let count = 0

/** Says what was done, with a button that undoes it; Ctrl+Z does the same. */
export function didUndoably(text: string, run: () => Promise<void>): void {
  const id = `undo-${++count}`
  const undo: Undo = { id, run }
  undos.push(undo)
  if (undos.length > kept) undos.shift()
  notifications.show({
    id,
    autoClose: shownMs,
    withBorder: true,
    message: createElement(UndoToast, { text, onUndo: () => void undoOne(undo) }),
  })
}

/** Actions that the engine has not answered yet; their undo comes with the answer. */
const underWay = new Set<Promise<unknown>>()

/** An action that shows its effect at once: an undo that is asked for meanwhile waits for it. */
export async function acting<T>(action: Promise<T>): Promise<T> {
  underWay.add(action)
  try {
    return await action
  } finally {
    underWay.delete(action)
  }
}

export async function undoLast(): Promise<void> {
  await Promise.allSettled(underWay)
  const last = undos.at(-1)
  if (last !== undefined) await undoOne(last)
}

async function undoOne(undo: Undo): Promise<void> {
  const at = undos.indexOf(undo)
  if (at < 0) return
  undos.splice(at, 1)
  notifications.hide(undo.id)
  try {
    await undo.run()
  } catch (error) {
    failed('That could not be undone', error)
  }
}

/** Says that something is done where nothing else shows it. */
export function done(text: string): void {
  notifications.show({ message: text, autoClose: shownMs, withBorder: true })
}

/** Says that something failed, in words. */
export function failed(title: string, error: unknown): void {
  notifications.show({ color: 'red', title, message: wordsOf(error), autoClose: shownMs, withBorder: true })
}
