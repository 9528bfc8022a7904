/**
 * The main process's end of the channels: a message counts only from the top frame of a window of ours that shows a page of ours,
 * with arguments as channels.ts says. Anything else is refused before a handler sees it.
 */
import type { IpcMain, IpcMainInvokeEvent } from 'electron'
import { messageOf } from './words.ts'
import { type Channel, type ChannelAnswers, type ChannelArguments, channelArguments, type Reply } from './channels.ts'
import { isOwnPage } from './ownPages.ts'

export type ChannelHandlers = {
  [Name in Channel]: (
    event: IpcMainInvokeEvent,
    ...args: ChannelArguments[Name]
  ) => Promise<ChannelAnswers[Name]> | ChannelAnswers[Name]
}

/** `isOurs` says of a web contents' id whether it is a window of the app. */
export function serveChannels(
  ipcMain: Pick<IpcMain, 'handle'>,
  handlers: ChannelHandlers,
  isOurs: (contentsId: number) => boolean,
): void {
  for (const name of Object.keys(channelArguments) as Channel[]) serve(ipcMain, name, handlers, isOurs)
}

function serve<Name extends Channel>(
  ipcMain: Pick<IpcMain, 'handle'>,
  name: Name,
  handlers: ChannelHandlers,
  isOurs: (contentsId: number) => boolean,
): void {
  ipcMain.handle(name, async (event, ...given: unknown[]): Promise<Reply<ChannelAnswers[Name]>> => {
    if (!isTrusted(event, isOurs)) return { ok: false, message: 'This page may not use the app.' }
    const args = channelArguments[name].safeParse(given)
    if (!args.success) return { ok: false, message: `The app does not understand this (${name}).` }
    try {
      return { ok: true, value: await handlers[name](event, ...(args.data as ChannelArguments[Name])) }
    } catch (error) {
      return { ok: false, message: messageOf(error) }
    }
  })
}

function isTrusted(event: IpcMainInvokeEvent, isOurs: (contentsId: number) => boolean): boolean {
  const frame = event.senderFrame
  return frame !== null && frame.parent === null && isOwnPage(frame.url) && isOurs(event.sender.id)
}
