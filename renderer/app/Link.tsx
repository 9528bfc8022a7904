/** An ordinary link that changes the screen without loading the page anew; with a modifier key it opens as links do. */
import type { AnchorHTMLAttributes, MouseEvent, Ref } from 'react'
import { navigate } from './address.ts'

type Props = AnchorHTMLAttributes<HTMLAnchorElement> & { readonly to: string; readonly ref?: Ref<HTMLAnchorElement> }

export function Link({ to, onClick, ...others }: Props) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    navigate(to)
  }
  return <a {...others} href={to} onClick={follow} />
}
