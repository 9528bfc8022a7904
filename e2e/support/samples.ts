/** Files as a small practice might have them, for pictures of the window and for tests that want more than one of a kind. */
import { randomBytes } from 'node:crypto'
import { type TestNode, until } from './nodes.ts'

const texts = [
  'Contracts/Lease.txt',
  'Contracts/2023/Cleaning.txt',
  'Contracts/2024/Insurance.txt',
  'Invoices/January.csv',
  'Invoices/February.csv',
  'Patients/Archive/2021/List.csv',
  'Plan.txt',
  'Welcome.html',
]

const sizes = { 'Budget.xlsx': 240_000, 'Song.mp3': 3_400_000, 'Backup.zip': 11_000_000 } as const

export async function fillWithSamples(node: TestNode): Promise<void> {
  for (const [name, bytes] of Object.entries(sizes)) await node.put(name, randomBytes(bytes), '?wait=all')
  for (const name of texts) await node.put(name, `${name}\n`.repeat(2000), '?wait=all')
  for (let hue = 0; hue < 360; hue += 15) await node.put(`Photos/Sunset ${hue}.svg`, landscape(hue))
  await node.put('Plan.txt', 'The plan has changed.\n', '?wait=all')
  await node.put('Old notes.txt', 'old')
  await node.fetch('/v1/files/Old%20notes.txt', { method: 'DELETE' })
}

/** A file that the first two machines of a pool changed while they did not see each other. All run afterwards. */
export async function writeApart(nodes: readonly TestNode[], name: string): Promise<void> {
  const [first, second, ...others] = nodes as [TestNode, TestNode, ...TestNode[]]
  await first.put(name, 'Minutes of the meeting\n', '?wait=all')
  // Whoever else runs would carry what one wrote to the other.
  await Promise.all([second, ...others].map((node) => node.stop()))
  await first.put(name, 'Minutes of the meeting\n\nAgreed: the new chairs are blue.\n')
  await first.stop()
  await second.restart()
  await second.put(name, 'Minutes of the meeting\n\nAgreed: the new chairs are green.\nNext time on Monday.\n')
  await Promise.all([first, ...others].map((node) => node.restart()))
  await until('both contents are known', async () => {
    const found = (await first.list('')).find((entry) => entry.name === name)
    return found?.conflict === true
  })
}

function landscape(hue: number): string {
  const sky = `<linearGradient id="s" x2="0" y2="1"><stop stop-color="hsl(${hue} 70% 45%)"/><stop offset="1" stop-color="hsl(${hue + 40} 85% 80%)"/></linearGradient>`
  const hills = [58, 66, 76].map(
    (y, at) =>
      `<path d="M0 ${y}Q${18 + at * 14} ${y - 22 + at * 5} 44 ${y}T100 ${y - 6 + at * 3}V100H0Z" fill="hsl(${hue + 200} 35% ${34 - at * 9}%)"/>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 75" width="800" height="600"><defs>${sky}</defs><rect width="100" height="100" fill="url(#s)"/><circle cx="${30 + (hue % 50)}" cy="34" r="8" fill="hsl(${hue + 50} 95% 88%)"/>${hills.join('')}</svg>`
}
