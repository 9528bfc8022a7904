/** All machines of the pool as cards, and the way to add one. */
import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import {
  type Icon,
  IconCopyCheck,
  IconFolderSearch,
  IconHourglass,
  IconInfoCircle,
  IconLogin,
  IconLogout,
  IconMoon,
  IconPencil,
  IconPlus,
  IconReplace,
  IconTrash,
} from '@tabler/icons-react'
import { useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { wordsOf } from '../api/client.ts'
import { nodesQuery } from '../api/queries.ts'
import { navigate } from '../app/address.ts'
import { Message } from '../app/Message.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { Scroller } from '../app/Scroller.tsx'
import { AwayMachine } from './AwayMachine.tsx'
import { DrainMachine } from './DrainMachine.tsx'
import { EditMachine } from './EditMachine.tsx'
import { Invite } from './Invite.tsx'
import classes from './MachineCard.module.css'
import { MachineCard } from './MachineCard.tsx'
import { MachineDetails } from './MachineDetails.tsx'
import { isWaitedFor, missMachine, patchMachine } from './machineActions.ts'
import { RemoveMachine } from './RemoveMachine.tsx'
import { ReplaceMachine } from './ReplaceMachine.tsx'

export default function MachinesScreen() {
  const nodes = useQuery(nodesQuery)
  const [inviting, invite] = useState(false)
  const [dialog, show] = useState<{ readonly what: Dialog; readonly id: string } | null>(null)
  const subject = nodes.data?.find(({ id }) => id === dialog?.id)
  const close = () => show(null)
  return (
    <>
      <TopBar title="Machines">
        <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => invite(true)}>
          Add a machine
        </Button>
      </TopBar>
      <Scroller label="All machines">
        {nodes.isError ? (
          <Message
            title="The machines cannot be shown"
            text={wordsOf(nodes.error)}
            onRetry={() => void nodes.refetch()}
          />
        ) : (
          <div className={classes.cards}>
            {(nodes.data ?? []).map((node) => (
              <MachineCard
                key={node.id}
                node={node}
                onOpen={() => show({ what: 'details', id: node.id })}
                menu={<Items node={node} onShow={(what) => show({ what, id: node.id })} />}
              />
            ))}
            {nodes.data !== undefined && nodes.data.length < 2 ? (
              <button type="button" className={classes.add} onClick={() => invite(true)}>
                Add a second machine
                <span>Then every file can have two copies.</span>
              </button>
            ) : null}
          </div>
        )}
      </Scroller>
      <Invite opened={inviting} onClose={() => invite(false)} />
      {dialog === null || subject === undefined ? null : dialog.what === 'replace' ? (
        <ReplaceMachine
          node={subject}
          onInvite={() => {
            close()
            invite(true)
          }}
          onClose={close}
        />
      ) : dialog.what === 'details' ? (
        <MachineDetails node={subject} nodes={nodes.data ?? []} onClose={close} />
      ) : (
        <SimpleDialog what={dialog.what} node={subject} onClose={close} />
      )}
    </>
  )
}

type Dialog = 'details' | 'edit' | 'away' | 'drain' | 'replace' | 'remove'

const simpleDialogs = { edit: EditMachine, away: AwayMachine, drain: DrainMachine, remove: RemoveMachine } as const

interface SimpleProps {
  readonly what: keyof typeof simpleDialogs
  readonly node: Node
  readonly onClose: () => void
}

function SimpleDialog({ what, ...props }: SimpleProps) {
  const Shown = simpleDialogs[what]
  return <Shown {...props} />
}

interface ItemsProps {
  readonly node: Node
  readonly onShow: (what: Dialog) => void
}

function Items({ node, onShow }: ItemsProps) {
  return (
    <>
      <Item icon={IconInfoCircle} word="Details" onClick={() => onShow('details')} />
      <Item icon={IconPencil} word="Name, place, space …" onClick={() => onShow('edit')} />
      <Item icon={IconFolderSearch} word="Files on it" onClick={() => navigate(`/search?node=${node.id}`)} />
      <Menu.Divider />
      {node.awayUntil === null ? (
        <Item icon={IconMoon} word="Away until …" onClick={() => onShow('away')} />
      ) : (
        <Item icon={IconMoon} word="It is back" onClick={() => patchMachine(node, { awayUntil: null })} />
      )}
      {isWaitedFor(node) ? (
        <Item icon={IconCopyCheck} word="Copy what it holds now" onClick={() => missMachine(node)} />
      ) : node.missed ? (
        <Item icon={IconHourglass} word="Wait for it after all" onClick={() => patchMachine(node, { missed: false })} />
      ) : null}
      {node.drain ? (
        <Item icon={IconLogin} word="Keep using it" onClick={() => patchMachine(node, { drain: false })} />
      ) : (
        <Item icon={IconLogout} word="Move everything off it …" onClick={() => onShow('drain')} />
      )}
      {node.replacedBy === null ? (
        <Item icon={IconReplace} word="Replace by a new machine …" onClick={() => onShow('replace')} />
      ) : null}
      {node.self ? null : (
        <>
          <Menu.Divider />
          <Item icon={IconTrash} word="Remove from the pool …" isDanger onClick={() => onShow('remove')} />
        </>
      )}
    </>
  )
}

interface ItemProps {
  readonly icon: Icon
  readonly word: string
  readonly isDanger?: boolean
  readonly onClick: () => void
}

function Item({ icon: ItemIcon, word, isDanger = false, onClick }: ItemProps) {
  return (
    <Menu.Item
      {...(isDanger ? { c: 'var(--mantine-color-error)' } : {})}
      leftSection={<ItemIcon size={16} aria-hidden />}
      onClick={onClick}
    >
      {word}
    </Menu.Item>
  )
}
