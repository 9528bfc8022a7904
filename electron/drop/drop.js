// The small window that takes dropped files: into the pool's root, by path, so that nothing is read twice.
const area = /** @type {HTMLElement} */ (document.querySelector('main'))
const words = /** @type {HTMLElement} */ (document.getElementById('words'))
const { desktop } = /** @type {{ desktop: import('../../shared/desktop.ts').Desktop<File> }} */ (
  /** @type {unknown} */ (globalThis)
)

document.addEventListener('dragover', (event) => {
  event.preventDefault()
  area.classList.add('over')
})
document.addEventListener('dragleave', () => area.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  area.classList.remove('over')
  void take([...(event.dataTransfer?.files ?? [])])
})

/** @param {File[]} files */
async function take(files) {
  const paths = desktop.pathsOf(files)
  if (paths.length === 0) return
  try {
    await desktop.importPaths(paths, '/')
    words.textContent = paths.length === 1 ? 'One thing is being stored' : `${paths.length} things are being stored`
  } catch (error) {
    words.textContent = error instanceof Error ? error.message : String(error)
  }
}
