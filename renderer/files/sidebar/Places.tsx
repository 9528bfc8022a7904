/** Places with their machines: what is at home, what is in the office, what is on this machine. */
import { IconDeviceDesktop, IconDeviceLaptop, IconMapPin, IconServer2 } from '@tabler/icons-react'
import { useAddress } from '../../app/address.ts'
import { Link } from '../../app/Link.tsx'
import { type MachineFact, useMachineFacts } from '../../machines/machineFacts.ts'
import classes from './Sidebar.module.css'

const icons = { 'always-on': IconServer2, desktop: IconDeviceDesktop, laptop: IconDeviceLaptop } as const

export function Places() {
  const { screen, query } = useAddress()
  const machines = useMachineFacts()
  const bySite = Map.groupBy(machines, ({ site }) => site)
  const sites = [...bySite].toSorted(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a.localeCompare(b)))
  const here = screen === 'search' ? query : new URLSearchParams()
  return (
    <nav className={classes.places} aria-labelledby="by-machine">
      <h2 className={classes.heading} id="by-machine">
        By machine
      </h2>
      {sites.map(([site, members]) => (
        <ul key={site}>
          {site === '' ? null : (
            <li>
              <Link
                to={`/search?place=${encodeURIComponent(site)}`}
                className={classes.place}
                aria-current={here.get('place') === site ? 'page' : undefined}
              >
                <IconMapPin size={16} stroke={1.7} aria-hidden />
                <span className={classes.treeName}>{site}</span>
              </Link>
            </li>
          )}
          {members.map((machine) => (
            <li key={machine.id}>
              <Machine machine={machine} isHere={here.get('node') === machine.id} isInner={site !== ''} />
            </li>
          ))}
        </ul>
      ))}
    </nav>
  )
}

function Machine({
  machine,
  isHere,
  isInner,
}: {
  readonly machine: MachineFact
  readonly isHere: boolean
  readonly isInner: boolean
}) {
  const { id, name, deviceClass, isThere, self } = machine
  const Icon = icons[deviceClass]
  return (
    <Link
      to={`/search?node=${id}`}
      className={classes.place}
      data-inner={isInner || undefined}
      aria-current={isHere ? 'page' : undefined}
      title={`Files on ${name}${self ? ', this machine' : ''}`}
    >
      <Icon size={16} stroke={1.7} aria-hidden />
      <span className={classes.treeName}>{name}</span>
      {isThere ? null : <span className={classes.note}>off</span>}
    </Link>
  )
}
