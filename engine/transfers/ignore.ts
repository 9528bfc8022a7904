/**
 * What a linked folder leaves alone: patterns in which `*` stands for any part of a name, `?` for one sign and `**` for any names on the
 * way. A pattern is held against every name; one with a slash before its end against the whole path below the folder. Case does
 * not count. What programs leave lying about, and what they have not finished, is always left alone.
 */
const alwaysIgnored: readonly string[] = [
  ...['.DS_Store', '._*', 'Thumbs.db', 'desktop.ini', '.Trash-*', '$RECYCLE.BIN', 'System Volume Information'],
  ...['~$*', '.~lock.*', '*.tmp', '*.temp', '*.part', '*.partial', '*.crdownload', '*.swp', '*~', '.hadahoop-*'],
]

/** Whether a path below the folder (with `/`) is left alone, given that no folder above it is. */
export function ignoring(patterns: readonly string[]): (path: string) => boolean {
  const all = [...alwaysIgnored, ...patterns].map((pattern) => ({
    isPath: pattern.replace(/\/$/, '').includes('/'),
    expression: new RegExp(`^${sourceOf(pattern.replace(/^\/|\/$/g, ''))}$`, 'iu'),
  }))
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return all.some(({ isPath, expression }) => expression.test(isPath ? path : name))
  }
}

function sourceOf(pattern: string): string {
  return pattern.replace(/\*\*\/?|[*?]|[^*?]+/g, (part) => {
    if (part === '**/') return '(?:[^/]*/)*'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    return part === '?' ? '[^/]' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
}
