// Draws the app's icons from their SVG sources, in all sizes and containers, into build/icons; run by hand after a change of a
// source, and its results are committed, since packaging must not need a browser: node build/icons.mjs
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { findBrowser } from '../e2e/browser.ts'
import { root } from './bootstrap.mjs'

const folder = join(root, 'build', 'icons')
const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
const source = (/** @type {string} */ name) => readFileSync(join(folder, name), 'utf8').replace(/<!--.*?-->/gs, '')

/** What the tray shows beside the disks; macOS draws templates in its own colours, so there only shapes differ. */
const looks = {
  well: { mark: '', templateMark: '' },
  busy: { mark: dot('#f2a900'), templateMark: dot('#000', 2.6) },
  bad: { mark: dot('#e03131'), templateMark: dot('#000') },
  asleep: { mark: dot('#868e96'), templateMark: '' },
}
const trayInk = '#3b82f6'

function dot(/** @type {string} */ colour, radius = 6) {
  return `<circle cx="25" cy="25" r="${radius}" fill="${colour}" />`
}

const options = findBrowser()
if (options === undefined) throw new Error('there is no browser to draw with')
const browser = await chromium.launch(options)
const page = await browser.newPage()

/** @returns {Promise<Buffer>} */
async function draw(/** @type {string} */ svg, /** @type {number} */ size) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`)
  return await page.screenshot({ omitBackground: true, clip: { x: 0, y: 0, width: size, height: size } })
}

/** Windows' container: a table of PNGs. @param {readonly { size: number, png: Buffer }[]} images */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(images.length, 4)
  let at = head.length
  for (const [index, { size, png }] of images.entries()) {
    const entry = 6 + 16 * index
    head.writeUInt8(size % 256, entry) // 0 means 256
    head.writeUInt8(size % 256, entry + 1)
    head.writeUInt16LE(1, entry + 4)
    head.writeUInt16LE(32, entry + 6)
    head.writeUInt32LE(png.length, entry + 8)
    head.writeUInt32LE(at, entry + 12)
    at += png.length
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)])
}

/** macOS' container: PNGs by type. @param {readonly { type: string, png: Buffer }[]} images */
function icns(images) {
  const parts = images.map(({ type, png }) => {
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32BE(png.length + 8, 4)
    return Buffer.concat([head, png])
  })
  const head = Buffer.alloc(8)
  head.write('icns', 'latin1')
  head.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 8),
    4,
  )
  return Buffer.concat([head, ...parts])
}

rmSync(join(folder, 'app'), { recursive: true, force: true })
rmSync(join(folder, 'linux'), { recursive: true, force: true })
mkdirSync(join(folder, 'app'), { recursive: true })
mkdirSync(join(folder, 'linux'), { recursive: true })

/** @type {Map<number, Buffer>} */
const app = new Map()
for (const size of sizes) app.set(size, await draw(source('app.svg'), size))
const png = (/** @type {number} */ size) => /** @type {Buffer} */ (app.get(size))
for (const size of sizes.filter((each) => each <= 512))
  writeFileSync(join(folder, 'linux', `${size}x${size}.png`), png(size))
writeFileSync(join(folder, 'icon.png'), png(1024))
writeFileSync(join(folder, 'icon.ico'), ico([16, 24, 32, 48, 64, 128, 256].map((size) => ({ size, png: png(size) }))))
const appleTypes = {
  icp4: 16,
  ic11: 32,
  icp5: 32,
  ic12: 64,
  ic07: 128,
  ic13: 256,
  ic08: 256,
  ic14: 512,
  ic09: 512,
  ic10: 1024,
}
writeFileSync(
  join(folder, 'icon.icns'),
  icns(Object.entries(appleTypes).map(([type, size]) => ({ type, png: png(size) }))),
)

writeFileSync(join(folder, 'app', 'window.png'), png(256))
writeFileSync(join(folder, 'app', 'drag.png'), png(64))
for (const [look, { mark, templateMark }] of Object.entries(looks)) {
  const coloured = source('tray.svg').replaceAll('INK', trayInk).replace('MARK', mark)
  const template = source('tray.svg').replaceAll('INK', '#000').replace('MARK', templateMark)
  for (const [suffix, scale] of /** @type {const} */ ([
    ['', 1],
    ['@2x', 2],
  ])) {
    writeFileSync(join(folder, 'app', `tray-${look}${suffix}.png`), await draw(coloured, 22 * scale))
    writeFileSync(join(folder, 'app', `tray-${look}Template${suffix}.png`), await draw(template, 18 * scale))
  }
}
await browser.close()
