// Files shown in the window: what they hold is seen, and nothing in them runs.
import { expect, test } from '@playwright/test'
import { endAll, startPool, type TestNode } from './support/nodes.ts'
import { openWindow, row } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

test('texts, pictures, PDFs and sound are shown, sought through, and never run', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  const script = '<script>document.title = "hacked"; top.document.title = "hacked"</script>'
  await node.put('1 page.html', `${script}<h1>harmless</h1>`)
  await node.put('2 picture.svg', `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${script}</svg>`)
  await node.put('3 contract.pdf', pdf(['First page', 'Second page']))
  await node.put('4 tone.wav', tone(20))
  await node.put('5 program.exe', 'MZ')
  const complaints = await openWindow(page, node)
  await row(page, '1 page.html').click()
  await page.keyboard.press('Space')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('<h1>harmless</h1>')).toBeVisible()

  await page.keyboard.press('ArrowRight')
  await expect(dialog.getByRole('img', { name: '2 picture.svg' })).toHaveJSProperty('naturalWidth', 9)

  await page.keyboard.press('ArrowRight')
  const second = dialog.getByRole('img', { name: 'Page 2' })
  await second.scrollIntoViewIfNeeded()
  // Drawn: somewhere on the page there is ink; what is not drawn is transparent.
  await expect
    .poll(() =>
      second.evaluate((canvas) => {
        const drawn = canvas as unknown as {
          width: number
          height: number
          getContext(kind: '2d'): { getImageData(...at: number[]): { data: Uint8ClampedArray } }
        }
        const { data } = drawn.getContext('2d').getImageData(0, 0, drawn.width, drawn.height)
        return data.some((value, at) => at % 4 === 0 && value < 128 && data[at + 3] === 255)
      }),
    )
    .toBe(true)

  const ranges: string[] = []
  page.on('response', (answer) => answer.status() === 206 && ranges.push(answer.url()))
  await page.keyboard.press('ArrowRight')
  const sound = dialog.locator('audio')
  await expect(sound).toHaveJSProperty('duration', 20)
  await sound.evaluate((element) => Object.assign(element, { currentTime: 15 }))
  await expect.poll(() => sound.evaluate((element) => Number(Reflect.get(element, 'currentTime')))).toBeGreaterThan(15)
  expect(ranges.length).toBeGreaterThan(0)

  await dialog.getByRole('button', { name: 'Next' }).click()
  await expect(dialog.getByText('No preview for this kind of file')).toBeVisible()
  await expect(page).toHaveTitle('Test – Hadahoop')
  expect(complaints).toEqual([])
})

test('what a file holds never runs, not even where its address is opened itself', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  const script = `document.title = 'hacked'; fetch('/v1/pool').then(() => { document.title = 'hacked' })`
  await node.put('page.html', `<title>harmless</title><script>${script}</script><img src=x onerror="${script}">`)
  await node.put(
    'picture.svg',
    `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90" onload="${script}"><title>harmless</title><script>${script}</script></svg>`,
  )
  const complaints = await openWindow(page, node)
  await expect(row(page, 'page.html')).toBeVisible()
  for (const name of ['page.html', 'picture.svg']) {
    const asked: string[] = []
    const other = await page.context().newPage()
    other.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await other.goto(`${node.url}/v1/files/${name}`)
    await other.waitForLoadState('networkidle')
    expect(await other.title()).toBe('harmless')
    expect(asked).not.toContain('/v1/pool')
    await other.close()
  }
  // The same inside a frame, which the policy of the page itself would allow.
  await page.evaluate(`(() => {
    const frame = document.createElement('iframe')
    frame.src = '/v1/files/page.html'
    document.body.append(frame)
    return new Promise((resolve) => { frame.onload = resolve })
  })()`)
  await expect(page).toHaveTitle('Test – Hadahoop')
  // What the browser says of scripts that it blocks is what is wanted here.
  expect(complaints.filter((text) => !/Blocked script execution|sandbox/.test(text))).toEqual([])
})

test('a video plays and is sought through by ranges', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  const complaints = await openWindow(page, node)
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  const video = Buffer.from(String(await page.evaluate(`(${recordVideo})()`)), 'base64')
  await node.put('Film.webm', video)
  const answers: { readonly status: number; readonly range: string }[] = []
  page.on('response', (answer) => {
    if (!answer.url().includes('Film.webm')) return
    answers.push({ status: answer.status(), range: answer.request().headers()['range'] ?? '' })
  })
  // So slow that the end is not there yet when it is sought: the whole takes 20 s.
  const network = await page.context().newCDPSession(page)
  const slow = { offline: false, latency: 0, downloadThroughput: 250_000, uploadThroughput: -1 }
  await network.send('Network.enable')
  await network.send('Network.emulateNetworkConditions', slow)
  await row(page, 'Film.webm').dblclick()
  const film = page.getByRole('dialog').locator('video')
  await expect.poll(() => film.evaluate((element) => Number(Reflect.get(element, 'readyState')))).toBeGreaterThan(1)
  await expect.poll(() => film.evaluate((element) => Number(Reflect.get(element, 'videoWidth')))).toBe(320)
  const seconds = await film.evaluate((element) => Number(Reflect.get(element, 'duration')))
  const target = seconds - 1
  await film.evaluate((element, to) => Object.assign(element, { currentTime: to }), target)
  await expect
    .poll(() => film.evaluate((element) => Number(Reflect.get(element, 'currentTime'))))
    .toBeGreaterThanOrEqual(target)
  // The picture there is the one that was drawn there: the colour tells the time.
  await expect
    .poll(() => page.evaluate<number>(`(${hueOfVideo})(document.querySelector('video'))`))
    .toBeGreaterThan(200)
  console.log(
    `video of ${video.length} bytes, ${seconds} s: ${answers.map(({ status, range }) => `${status} ${range}`).join('; ')}`,
  )
  expect(answers.every(({ status }) => status === 206)).toBe(true)
  const starts = answers.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range)?.[1]))
  expect(Math.max(...starts)).toBeGreaterThan(video.length / 2)
  expect(complaints).toEqual([])
})

/** A PDF with one line of text on each page. */
function pdf(pages: readonly string[]): string {
  const kids = pages.map((_, at) => `${4 + 2 * at} 0 R`).join(' ')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...pages.flatMap((text, at) => {
      const drawing = `BT /F1 36 Tf 72 700 Td (${text}) Tj ET`
      const resources = '/Resources << /Font << /F1 3 0 R >> >>'
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${5 + 2 * at} 0 R ${resources} >>`,
        `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`,
      ]
    }),
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, at) => {
    const offset = text.length
    text += `${at + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  return `${text}${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`
}

/** So many seconds of sound, 16 bits, 8,000 samples a second. */
function tone(seconds: number): Buffer {
  const rate = 8000
  const data = Buffer.alloc(2 * rate * seconds)
  for (let at = 0; at < rate * seconds; at++) data.writeInt16LE(Math.round(8000 * Math.sin((at / rate) * 2765)), 2 * at)
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(2 * rate, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}

/**
 * In the browser, so as text: a film of some seconds whose colour goes from red (hue 0) to violet (hue 280), encoded by the browser
 * itself and put into a WebM file with its duration and an index, which a recorder would leave out.
 */
const recordVideo = `async () => {
  const [width, height, frames, fps] = [320, 240, 240, 24]
  const canvas = new OffscreenCanvas(width, height)
  const pen = canvas.getContext('2d')
  const chunks = []
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength)
      chunk.copyTo(bytes)
      chunks.push({ bytes, ms: Math.round(chunk.timestamp / 1000), isKey: chunk.type === 'key' })
    },
    error: (error) => { throw error },
  })
  encoder.configure({ codec: 'vp8', width, height, bitrate: 4_000_000, framerate: fps })
  for (let at = 0; at < frames; at++) {
    pen.fillStyle = 'hsl(' + Math.round((280 * at) / frames) + ' 100% 50%)'
    pen.fillRect(0, 0, width, height)
    // Noise in a corner, so that the film has some size.
    const noise = pen.createImageData(160, 120)
    for (let byte = 0; byte < noise.data.length; byte++) noise.data[byte] = byte % 4 === 3 ? 255 : Math.random() * 255
    pen.putImageData(noise, 160, 120)
    const frame = new VideoFrame(canvas, { timestamp: (at * 1e6) / fps })
    encoder.encode(frame, { keyFrame: at % fps === 0 })
    frame.close()
  }
  await encoder.flush()

  const concat = (parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) { all.set(part, at); at += part.length }
    return all
  }
  const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))
  const number = (value) => {
    const text = value.toString(16)
    return hex(text.length % 2 ? '0' + text : text)
  }
  const double = (value) => { const view = new DataView(new ArrayBuffer(8)); view.setFloat64(0, value); return new Uint8Array(view.buffer) }
  const text = (value) => new TextEncoder().encode(value)
  // Eight bytes for each length, so that places do not depend on sizes.
  const element = (id, ...parts) => {
    const body = concat(parts)
    return concat([hex(id), hex('01' + body.length.toString(16).padStart(14, '0')), body])
  }
  const head = element('1a45dfa3', element('4286', number(1)), element('42f7', number(1)), element('42f2', number(4)),
    element('42f3', number(8)), element('4282', text('webm')), element('4287', number(2)), element('4285', number(2)))
  const info = element('1549a966', element('2ad7b1', number(1e6)), element('4489', double((frames * 1000) / fps)),
    element('4d80', text('test')), element('5741', text('test')))
  const tracks = element('1654ae6b', element('ae', element('d7', number(1)), element('73c5', number(1)), element('83', number(1)),
    element('86', text('V_VP8')), element('e0', element('b0', number(width)), element('ba', number(height)))))
  const clusters = []
  for (const { bytes, ms, isKey } of chunks) {
    if (isKey) clusters.push({ ms, blocks: [] })
    const cluster = clusters.at(-1)
    const block = concat([hex('81'), new Uint8Array([((ms - cluster.ms) >> 8) & 255, (ms - cluster.ms) & 255, isKey ? 128 : 0]), bytes])
    cluster.blocks.push(element('a3', block))
  }
  const encoded = clusters.map(({ ms, blocks }) => element('1f43b675', element('e7', number(ms)), ...blocks))
  const cues = (from) => {
    let at = from
    const points = clusters.map(({ ms }, index) => {
      const place = hex(at.toString(16).padStart(16, '0'))
      at += encoded[index].length
      return element('bb', element('b3', number(ms)), element('b7', element('f7', number(1)), element('f1', place)))
    })
    return element('1c53bb6b', ...points)
  }
  const before = info.length + tracks.length
  const segment = element('18538067', info, tracks, cues(before + cues(0).length), ...encoded)
  const film = concat([head, segment])
  let binary = ''
  for (let at = 0; at < film.length; at += 32768) binary += String.fromCharCode(...film.subarray(at, at + 32768))
  return btoa(binary)
}`

/** The hue of the upper left corner of what a video shows, in degrees. */
const hueOfVideo = `(video) => {
  const canvas = new OffscreenCanvas(16, 16)
  const pen = canvas.getContext('2d')
  pen.drawImage(video, 0, 0, 160, 120, 0, 0, 16, 16)
  const [r, g, b] = pen.getImageData(4, 4, 1, 1).data
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)]
  if (most === least) return 0
  const sixth = most === r ? ((g - b) / (most - least) + 6) % 6 : most === g ? (b - r) / (most - least) + 2 : (r - g) / (most - least) + 4
  return Math.round(60 * sixth)
}`
