/**
 * Times in the user's locale: relative where it is recent, the exact time on hover.
 */
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const dayAndMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })
/** Within sentences: short ones end with a full stop of their own. */
const spelled = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'long' })

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

export function exactTime(time: string): string {
  return exact.format(new Date(time))
}

/** `just now`, `5 minutes ago`, `yesterday`, `3 May`, `3 May 2024`. */
export function timeText(time: string, nowMs = Date.now()): string {
  const at = new Date(time)
  const agoMs = nowMs - at.getTime()
  if (agoMs < 0) return agoMs > -minuteMs ? 'just now' : day.format(at)
  if (agoMs < minuteMs) return 'just now'
  if (agoMs < hourMs) return relative.format(-Math.floor(agoMs / minuteMs), 'minute')
  const days = daysBetween(at, new Date(nowMs))
  if (days === 0) return timeOfDay.format(at)
  if (days < 7) return relative.format(-days, 'day')
  return dateText(time, nowMs)
}

/** `3 May`, in another year `3 May 2024`. */
export function dateText(time: string, nowMs = Date.now()): string {
  const at = new Date(time)
  return at.getFullYear() === new Date(nowMs).getFullYear() ? dayAndMonth.format(at) : day.format(at)
}

/** What follows "since": `14:05`, `Tuesday`, `3 May`. */
export function sinceText(time: string, nowMs = Date.now()): string {
  const at = new Date(time)
  const days = daysBetween(at, new Date(nowMs))
  if (days <= 0) return timeOfDay.format(at)
  return days < 7 ? weekday.format(at) : day.format(at)
}

/** `in 12 days`, `tomorrow`; what is over is `soon`. */
export function untilText(time: string, nowMs = Date.now()): string {
  const leftMs = Date.parse(time) - nowMs
  if (leftMs <= 0) return 'soon'
  if (leftMs < hourMs) return spelled.format(Math.ceil(leftMs / minuteMs), 'minute')
  if (leftMs < 2 * dayMs) return spelled.format(Math.ceil(leftMs / hourMs), 'hour')
  return spelled.format(Math.round(leftMs / dayMs), 'day')
}

function daysBetween(from: Date, to: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
  return Math.round((midnight(to) - midnight(from)) / dayMs)
}
