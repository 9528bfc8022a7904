#!/usr/bin/env node
// The `hadahoop` command: cli/main.ts under the pinned Node, whatever Node starts this file.
import { guarded, installIfNeeded, run } from '../build/bootstrap.mjs'
import { buildWindowIfStale } from '../build/window.mjs'

guarded(() => {
  const args = process.argv.slice(2)
  installIfNeeded({ dev: false })
  if (args.includes('start')) buildWindowIfStale()
  run('cli/main.ts', args)
})
