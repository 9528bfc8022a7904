/**
 * Where the window was and how large, so that it opens there again. What was kept is checked against the screens that are there
 * now: a window on a monitor that was unplugged would open where nobody sees it.
 */
import { z } from 'zod'

const smallest = { width: 640, height: 480 }
const usual = { width: 1280, height: 800 }
/** So much of the title bar must be on a screen that the window can be taken hold of, pixels. */
const graspable = { width: 120, height: 32 }

const boundsSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().positive(),
  height: z.int().positive(),
})
export const windowStateSchema = z.object({ bounds: boundsSchema, maximized: z.boolean() })
export type WindowState = z.output<typeof windowStateSchema>
export type Bounds = WindowState['bounds']

/** The window as it is to open: kept ones where they are still on a screen, else the usual size where the system puts it. */
export function openingBounds(
  kept: WindowState | undefined,
  screens: readonly Bounds[],
): { readonly bounds: Partial<Bounds>; readonly maximized: boolean } {
  if (kept === undefined) return { bounds: usual, maximized: false }
  const width = Math.max(smallest.width, kept.bounds.width)
  const height = Math.max(smallest.height, kept.bounds.height)
  const screen = screens.find((each) => isGraspable(kept.bounds, each))
  if (screen === undefined) return { bounds: usual, maximized: kept.maximized }
  return {
    bounds: {
      x: kept.bounds.x,
      y: kept.bounds.y,
      width: Math.min(width, screen.width),
      height: Math.min(height, screen.height),
    },
    maximized: kept.maximized,
  }
}

export const smallestWindow = smallest

/** True if enough of the window's upper edge lies on the screen. */
function isGraspable(window: Bounds, screen: Bounds): boolean {
  const left = Math.max(window.x, screen.x)
  const right = Math.min(window.x + window.width, screen.x + screen.width)
  const top = Math.max(window.y, screen.y)
  const bottom = Math.min(window.y + graspable.height, screen.y + screen.height)
  return right - left >= graspable.width && bottom - top >= graspable.height
}
