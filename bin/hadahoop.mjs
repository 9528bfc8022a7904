#!/usr/bin/env node
// The `hadahoop` command: cli/main.ts under the pinned Node, whatever Node starts this file. Installed as a package it is the same
// as built JavaScript, since Node strips no types below node_modules; a package that was packed without being built builds it first.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BootstrapError, findNode, guarded, installIfNeeded, root, run } from '../build/bootstrap.mjs'

const built = 'dist/lib/cli/main.js'

await guarded(async () => {
  const args = process.argv.slice(2)
  if (!existsSync(join(root, 'package-lock.json'))) {
    if (!existsSync(join(root, built))) {
      const { status } = spawnSync(findNode(), [join(root, 'build/library.mjs')], { stdio: ['ignore', 2, 2] })
      const why = `${built} is missing and could not be built (see above)`
      if (status !== 0) throw new BootstrapError(`${why}. Install a package made by: npm run pack`)
    }
    return run(built, args)
  }
  installIfNeeded({ dev: false })
  if (args.includes('start')) {
    const { buildWindowIfStale } = await import('../build/window.mjs')
    buildWindowIfStale()
  }
  run('cli/main.ts', args)
})
