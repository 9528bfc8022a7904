/**
 * Newer releases from a plain web server, if somebody has named one; otherwise nothing is asked of anybody. Downloaded in the
 * background, installed when the app quits. Never an older one: its engine would refuse the database that the newer wrote.
 */
export interface UpdateParts {
  readonly url: string | null
  /** Told when a release is ready, once per start. */
  readonly onReady: (version: string) => void
  readonly log: (line: string) => void
}

const everyMs = 6 * 60 * 60_000

export async function lookForUpdates({
  url,
  onReady,
  log,
}: UpdateParts): Promise<{ look(): Promise<void> } | undefined> {
  if (url === null) return undefined
  // Loaded only here: it looks at the app around it as soon as it is touched.
  const { default: updater } = await import('electron-updater')
  const { autoUpdater } = updater
  autoUpdater.setFeedURL({ provider: 'generic', url })
  autoUpdater.allowDowngrade = false
  autoUpdater.logger = null
  autoUpdater.on('error', (error) => log(`updates: ${error.message}`))
  autoUpdater.on('update-downloaded', ({ version }) => onReady(version))
  const look = async (): Promise<void> => {
    await autoUpdater.checkForUpdates().catch((error: unknown) => log(`updates: ${String(error)}`))
  }
  await look()
  setInterval(() => void look(), everyMs).unref()
  return { look }
}
