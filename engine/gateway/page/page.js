/**
 * The first plain page: logs in by #login=CODE, shows pool, health, machines and one folder at a time, takes uploads and
 * gives downloads. Everything foreign (names, texts) enters the document as text, never as markup.
 */
const byId = (id) => document.getElementById(id)
const stateWords = {
  protected: 'Protected',
  copying: 'Copying',
  degraded: 'Fewer copies',
  'at-risk': 'At risk',
  unreachable: 'Away',
  lost: 'Lost',
  online: 'Online',
  suspect: 'Not answering',
  offline: 'Off',
  away: 'Asleep',
  removed: 'Removed',
}
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

let folder = []
let cursor = null

function sizeText(bytes) {
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  return `${new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 }).format(bytes / 1000 ** unit)} ${units[unit]}`
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

function stateElement(tag, state) {
  const made = element(tag, {}, stateWords[state] ?? state)
  made.dataset.state = state
  return made
}

class ApiError extends Error {
  constructor(problem) {
    super([problem.detail ?? problem.title, problem.hint].filter(Boolean).join(' '))
    this.status = problem.status
    this.code = problem.code
  }
}

async function api(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!response.ok)
    throw new ApiError(await response.json().catch(() => ({ title: response.statusText, status: response.status })))
  return response.status === 200 || response.status === 201 ? response.json() : undefined
}

function tell(text) {
  byId('notice').textContent = text
  byId('notice').hidden = text === ''
}

function show(id) {
  for (const one of ['login', 'first-run', 'app']) byId(one).hidden = one !== id
}

/** Runs what an event asks for and says what went wrong. */
async function attempt(work) {
  try {
    tell('')
    await work()
  } catch (error) {
    if (error.status === 401) show('login')
    else tell(error instanceof ApiError ? error.message : 'The node does not answer. Is it running?')
  }
}

const encoded = (names) => names.map(encodeURIComponent).join('/')

function folderLink(names, text) {
  return element('a', { href: `#/${encoded(names)}`, textContent: text })
}

function row(entry) {
  const names = [...folder, entry.name]
  const name =
    entry.kind === 'folder'
      ? folderLink(names, `${entry.name}/`)
      : element('a', { href: `/v1/files/${encoded(names)}`, download: entry.name, textContent: entry.name })
  const state = element('td', {}, stateElement('span', entry.state))
  state.title = entry.reasons.map(({ text }) => text).join('\n')
  return element(
    'tr',
    {},
    element('td', {}, name),
    state,
    element('td', { className: 'number' }, entry.size === null ? '' : sizeText(entry.size)),
    element('td', {}, dates.format(new Date(entry.modified))),
  )
}

async function loadFiles(more = false) {
  const query = more && cursor !== null ? `?cursor=${encodeURIComponent(cursor)}` : ''
  const page = await api('GET', `/v1/folders/${encoded(folder)}${query}`)
  const rows = page.items.map(row)
  if (more) byId('files').append(...rows)
  else byId('files').replaceChildren(...rows)
  cursor = page.next
  byId('more').hidden = cursor === null
  byId('empty').hidden = byId('files').children.length > 0
  byId('crumbs').replaceChildren(
    folderLink([], 'All files'),
    ...folder.flatMap((name, at) => [' ', folderLink(folder.slice(0, at + 1), name)]),
  )
}

function machine(node) {
  const space = element('meter', { max: Math.max(1, node.quotaBytes), value: node.usedBytes })
  const text = `${sizeText(node.usedBytes)} of ${sizeText(node.quotaBytes)}`
  space.setAttribute('aria-label', `Used: ${text}`)
  return element(
    'li',
    {},
    element('strong', {}, node.name + (node.self ? ' (this machine)' : '')),
    stateElement('span', node.state),
    space,
    element('span', {}, text),
  )
}

async function loadMachines() {
  const [nodes, health] = await Promise.all([api('GET', '/v1/nodes'), api('GET', '/v1/health')])
  byId('machines').replaceChildren(...nodes.items.map(machine))
  byId('health').dataset.state = health.state
  byId('health').textContent = [
    stateWords[health.state] ?? health.state,
    ...health.reasons.map(({ text }) => text),
  ].join(' – ')
}

async function start() {
  let pool
  try {
    pool = await api('GET', '/v1/pool')
  } catch (error) {
    if (error.code !== 'no-pool') throw error
    byId('health').textContent = 'In no pool yet'
    show('first-run')
    return
  }
  byId('pool-name').textContent = pool.name
  document.title = `${pool.name} – Hadahoop`
  show('app')
  await Promise.all([loadFiles(), loadMachines()])
  listen()
}

/** One answer for many events: loads at most once per half second. */
function calmly(load) {
  let timer
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      void attempt(load)
    }, 500)
  }
}

let stream
function listen() {
  if (stream !== undefined) return
  stream = new EventSource('/v1/events')
  const files = calmly(() => loadFiles())
  const machines = calmly(loadMachines)
  const both = () => {
    files()
    machines()
  }
  stream.addEventListener('entry', both)
  for (const name of ['node', 'health']) stream.addEventListener(name, machines)
  stream.addEventListener('reset', both)
}

async function upload(files) {
  const target = folder
  for (const file of files) {
    const line = element('li', {}, `${file.name}: storing …`)
    byId('uploads').append(line)
    await attempt(async () => {
      const response = await fetch(`/v1/files/${encoded([...target, file.name])}`, {
        method: 'PUT',
        headers: { 'x-modified': new Date(file.lastModified).toISOString() },
        body: file,
      })
      if (response.ok) return void line.remove()
      const problem = new ApiError(await response.json())
      line.textContent = `${file.name}: ${problem.message}`
      throw problem
    })
  }
  await attempt(() => loadFiles())
}

async function readAddress() {
  const [, code] = /^#login=(.+)$/.exec(location.hash) ?? []
  if (code !== undefined) {
    history.replaceState(null, '', '/')
    await attempt(() => api('POST', '/v1/session', { code: decodeURIComponent(code) }))
  }
  folder = location.hash.startsWith('#/')
    ? location.hash.slice(2).split('/').filter(Boolean).map(decodeURIComponent)
    : []
  await attempt(start)
}

byId('create').addEventListener('submit', (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  void attempt(async () => {
    await api('POST', '/v1/pool', { name: form.get('name') })
    await start()
  })
})
byId('join').addEventListener('submit', (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  const button = event.target.querySelector('button')
  button.disabled = true
  void attempt(async () => {
    await api('POST', '/v1/pool/join', {
      code: form.get('code').trim(),
      ...(form.get('address') ? { address: form.get('address').trim() } : {}),
    })
    await start()
  }).then(() => {
    button.disabled = false
  })
})
byId('invite').addEventListener('click', () => {
  void attempt(async () => {
    const { code, expiresAt, address } = await api('POST', '/v1/pool/invites')
    const text = byId('invitation')
    text.replaceChildren(
      'On the new machine choose “Join a pool” and type',
      element('code', { textContent: code }),
      `within ${Math.round((new Date(expiresAt) - Date.now()) / 60_000)} minutes. If it is not found by itself, its address is ${address}.`,
    )
    text.hidden = false
  })
})
byId('more').addEventListener('click', () => void attempt(() => loadFiles(true)))
byId('upload').addEventListener('change', (event) => {
  void upload([...event.target.files]).then(() => {
    event.target.value = ''
  })
})
addEventListener('hashchange', () => void readAddress())
addEventListener('dragover', (event) => {
  event.preventDefault()
  document.body.classList.add('dropping')
})
addEventListener('dragleave', () => document.body.classList.remove('dropping'))
addEventListener('drop', (event) => {
  event.preventDefault()
  document.body.classList.remove('dropping')
  if (!byId('app').hidden) void upload([...event.dataTransfer.files])
})
void readAddress()
