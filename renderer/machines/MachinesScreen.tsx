/** All machines of the pool as cards, and the way to add one. */
import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconFolderSearch, IconLogout, IconMoon, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { wordsOf } from '../api/client.ts'
import { nodesQuery } from '../api/queries.ts'
import { navigate } from '../app/address.ts'
import { Message } from '../app/Message.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { Scroller } from '../app/Scroller.tsx'
import { EditMachine } from './EditMachine.tsx'
import { Invite } from './Invite.tsx'
import classes from './MachineCard.module.css'
import { MachineCard } from './MachineCard.tsx'
import { patchMachine } from './machineActions.ts'
import { RemoveMachine } from './RemoveMachine.tsx'

const dayMs = 24 * 60 * 60 * 1000

export default function MachinesScreen() {
  const nodes = useQuery(nodesQuery)
  const [inviting, invite] = useState(false)
  const [edited, edit] = useState<Node | null>(null)
  const [removed, remove] = useState<Node | null>(null)
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
                menu={<Items node={node} onEdit={() => edit(node)} onRemove={() => remove(node)} />}
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
      {edited === null ? null : <EditMachine node={edited} onClose={() => edit(null)} />}
      {removed === null ? null : <RemoveMachine node={removed} onClose={() => remove(null)} />}
    </>
  )
}

interface ItemsProps {
  readonly node: Node
  readonly onEdit: () => void
  readonly onRemove: () => void
}

function Items({ node, onEdit, onRemove }: ItemsProps) {
  const isAway = node.awayUntil !== null
  return (
    <>
      <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={onEdit}>
        Name, place, space …
      </Menu.Item>
      <Menu.Item
        leftSection={<IconFolderSearch size={16} aria-hidden />}
        onClick={() => navigate(`/search?node=${node.id}`)}
      >
        Files on it
      </Menu.Item>
      {isAway ? (
        <Menu.Item
          leftSection={<IconMoon size={16} aria-hidden />}
          onClick={() => patchMachine(node, { awayUntil: null })}
        >
          It is back
        </Menu.Item>
      ) : (
        <Menu.Item
          leftSection={<IconMoon size={16} aria-hidden />}
          onClick={() => patchMachine(node, { awayUntil: new Date(Date.now() + 7 * dayMs).toISOString() })}
        >
          Away for a week
        </Menu.Item>
      )}
      <Menu.Item
        leftSection={<IconLogout size={16} aria-hidden />}
        onClick={() => patchMachine(node, { drain: !node.drain })}
      >
        {node.drain ? 'Keep using it' : 'Move everything off it'}
      </Menu.Item>
      {node.self ? null : (
        <>
          <Menu.Divider />
          <Menu.Item
            c="var(--mantine-color-error)"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={onRemove}
          >
            Remove from the pool …
          </Menu.Item>
        </>
      )}
    </>
  )
}
