/**
 * The table of the API's operations, from which the OpenAPI document is made; a test holds the gateway against it.
 * One line per method and path: what goes in, what comes out under which status.
 */
import { z } from 'zod'
import { bytesSchema } from './basics.ts'
import { contentRoutes } from './contentRoutes.ts'
import { machineRoutes } from './machineRoutes.ts'
import type { Route } from './route.ts'
import { transferRoutes } from './transferRoutes.ts'

export const routes: readonly Route[] = [...contentRoutes, ...machineRoutes, ...transferRoutes]

/** Facts that `confirm-needed` and `last-copies` carry beside the usual fields of a problem. */
export const confirmFactsSchema = z.object({ confirm: z.string(), entries: z.int(), bytes: bytesSchema })
export type ConfirmFacts = z.output<typeof confirmFactsSchema>
