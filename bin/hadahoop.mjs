#!/usr/bin/env node
// The `hadahoop` command: cli/main.ts under the pinned Node, whatever Node starts this file.
import { guarded, installIfNeeded, run } from '../build/bootstrap.mjs'

guarded(() => {
  installIfNeeded({ dev: false })
  run('cli/main.ts', process.argv.slice(2))
})
