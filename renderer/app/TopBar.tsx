/** The bar above every screen: where one is, search, what one can do here. */
import { TextInput, Title } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { joinPath } from '../../shared/paths.ts'
import { navigate, useAddress } from './address.ts'
import classes from './TopBar.module.css'

interface Props {
  /** A word, or the breadcrumb. */
  readonly title: ReactNode
  readonly children?: ReactNode
}

export function TopBar({ title, children }: Props) {
  return (
    <div className={classes.bar}>
      <div className={classes.where}>
        {typeof title === 'string' ? (
          <Title order={1} size="h3" fw={600} className={classes.title}>
            {title}
          </Title>
        ) : (
          title
        )}
      </div>
      <SearchBox />
      <div className={classes.actions}>{children}</div>
    </div>
  )
}

function SearchBox() {
  const { screen, folder, query } = useAddress()
  /** By the keys, search begins in the folder that is shown. */
  const [isHere, setHere] = useState(false)
  const box = useRef<HTMLInputElement>(null)
  const isSearch = screen === 'search'
  const here = isHere ? folder.at(-1) : undefined
  // Who looks at a machine or a place is not about to type.
  const isByWords = isSearch && (query.has('q') || query.size === 0)
  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'f') return
      event.preventDefault()
      setHere(true)
      box.current?.focus()
      box.current?.select()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [])
  useEffect(() => {
    if (isByWords && document.activeElement === document.body) box.current?.focus()
  }, [isByWords])
  const search = (text: string): void => {
    const next = new URLSearchParams(isSearch ? query : here === undefined ? '' : { folder: joinPath(folder) })
    if (text === '') next.delete('q')
    else next.set('q', text)
    if (!isSearch && text === '') return
    navigate(`/search?${next}`, { replace: isSearch })
  }
  const leave = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    box.current?.blur()
    if (isSearch) history.back()
  }
  return (
    <TextInput
      key={isSearch ? 'search' : 'elsewhere'}
      ref={box}
      className={classes.search}
      role="searchbox"
      aria-label="Search"
      placeholder={here === undefined ? 'Search files' : `Search in ${here}`}
      leftSection={<IconSearch size={16} aria-hidden />}
      defaultValue={isSearch ? (query.get('q') ?? '') : ''}
      autoFocus={isByWords}
      onChange={(event) => search(event.currentTarget.value)}
      onKeyDown={leave}
      onBlur={() => setHere(false)}
    />
  )
}
