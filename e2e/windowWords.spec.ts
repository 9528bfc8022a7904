// What the window says of files, to the word, and in which order it lists them.
import { expect, test } from '@playwright/test'
import { endAll, startPool, type TestNode, until } from './support/nodes.ts'
import { openWindow, row } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

test('names by the numbers in them; where a file is, how long the trash keeps it, since when its machine is off', async ({
  page,
}) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  for (const number of [10, 2, 1]) await first.put(`Page ${number}.txt`, `page ${number}`, '?wait=all')
  const folder = await first.json<{ id: string }>('PUT', '/v1/folders/Once')
  await first.json('PATCH', `/v1/entries/${folder.id}`, { copies: 1 })
  await page.setViewportSize({ width: 1280, height: 800 })
  const complaints = await openWindow(page, first)
  const listed = page.getByRole('grid').getByRole('row').filter({ hasText: 'Page' })
  const names = (numbers: number[]) => numbers.map((number) => new RegExp(`Page ${number}\\.txt`))
  await expect(listed).toHaveText(names([1, 2, 10]))
  await first.put('Page 3.txt', 'page 3', '?wait=all')
  await expect(listed).toHaveText(names([1, 2, 3, 10]))
  await page.reload()
  await expect(listed).toHaveText(names([1, 2, 3, 10]))

  await row(page, 'Page 2.txt').click()
  const details = page.getByRole('complementary', { name: 'Details' })
  await expect(details).toContainText(/2 copies: node\d, node\d\./)
  await page.keyboard.press('Delete')
  await page.getByRole('link', { name: 'Trash' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'Page 2.txt' })).toContainText(/, kept at least until \w/)

  await second.put('Once/Only.txt', 'only')
  // Rows come before the news of who holds what.
  await until('the first knows where it is', async () => {
    const [only] = await first.list('Once')
    return only?.nodes?.length === 1
  })
  await second.kill()
  await page.goto(`${first.url}/files/Once`)
  await expect(row(page, 'Only.txt')).toContainText('Away')
  await row(page, 'Only.txt').click()
  await expect(details).toContainText(
    // The day where midnight came between.
    /On node1, which is switched off or cannot be reached since (\d+:\d\d.*|\w+day)\. Switch on node1\./,
  )

  // A folder says how much is in it, where, and what of it is not safe.
  await page.goto(`${first.url}/files`)
  await row(page, 'Once').click()
  const contents = details.getByRole('region', { name: 'What is in it' })
  await expect(contents).toContainText('1 file, 4 bytes')
  await expect(contents.getByRole('listitem')).toHaveText([/Away\s*1 file/, /node1.*all of it/])
  await contents.getByRole('link', { name: '1 file' }).click()
  await expect(page.getByRole('button', { name: 'State: Away' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'In: /Once' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Results' }).getByRole('listitem')).toHaveCount(1)
  expect(complaints).toEqual([])
})
