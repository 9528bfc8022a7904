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
