/** All that is known of one machine, beside the cards; ids, addresses and clocks stand under the hood. */
import { Anchor, Code, Drawer, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Node } from '../../shared/index.ts'
import { Link } from '../app/Link.tsx'
import { countText, filesText, sizeText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { machineLook } from '../words/states.ts'
import { Until, When } from '../words/When.tsx'
import { kindWords } from './kinds.ts'
import { isWaitedFor } from './machineActions.ts'
import { isThere } from './machineFacts.ts'
import classes from './MachineDetails.module.css'
import { Sparkline } from './Sparkline.tsx'

interface Props {
  readonly node: Node
  readonly nodes: readonly Node[]
  readonly onClose: () => void
}

export function MachineDetails({ node, nodes, onClose }: Props) {
  const { onlyHere, traffic, awayUntil, waitEnds, replacedBy, shedding } = node
  const heir = nodes.find(({ id }) => id === replacedBy)
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={360}
      title={node.name}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="lg">
        <StateBadge look={machineLook(node)} />
        {traffic ? <Sparkline traffic={traffic} isThere={isThere(node)} /> : null}
        <dl className={classes.facts}>
          <Fact word="Place">{node.site || 'none named'}</Fact>
          <Fact word="Kind">{kindWords[node.deviceClass]}</Fact>
          <Fact word="Last seen">
            {node.self ? 'this machine' : node.lastSeen === null ? 'not yet' : <When at={node.lastSeen} />}
          </Fact>
          <Fact word="Holds">{sizeText(node.usedBytes)}</Fact>
          <Fact word="Space given">{sizeText(node.quotaBytes)}</Fact>
          {node.freeDiskBytes === undefined ? null : (
            <Fact word="Free on its disk">{sizeText(node.freeDiskBytes)}</Fact>
          )}
          <Fact word="Only here">
            {onlyHere.files === 0 ? 'nothing' : `${filesText(onlyHere.files)}, ${sizeText(onlyHere.bytes)}`}
          </Fact>
          {awayUntil === null ? null : (
            <Fact word="Away until">
              <Until at={awayUntil} />
            </Fact>
          )}
          {waitEnds === null ? null : (
            <Fact word="Copied anew">{isWaitedFor(node) ? <Until at={waitEnds} /> : 'by now, or under way'}</Fact>
          )}
          {shedding === null ? null : <Fact word="Still to move">{sizeText(shedding.bytesLeft)}</Fact>}
          {heir === undefined ? null : <Fact word="Replaced by">{heir.name}</Fact>}
        </dl>
        <Anchor component={Link} to={`/search?node=${node.id}`} size="sm">
          Files on it
        </Anchor>
        <section>
          <Title order={3} size="sm" fw={600} mb={8}>
            Under the hood
          </Title>
          <dl className={classes.facts}>
            <Fact word="Id">
              <Code>{node.id.slice(0, 16)}</Code>
            </Fact>
            <Fact word="Role">{node.role}</Fact>
            <Fact word="Chunks">{countText(node.chunks)}</Fact>
            <Fact word="Catalog">
              {node.upToDate === true ? 'equal' : node.upToDate === false ? 'catching up' : 'not known'}
            </Fact>
            <Fact word="Clock">{clockText(node.clockOffsetMs)}</Fact>
            {node.addresses.length === 0 ? null : (
              <Fact word={node.addresses.length === 1 ? 'Address' : 'Addresses'}>
                <span style={{ overflowWrap: 'anywhere' }}>{node.addresses.join(', ')}</span>
              </Fact>
            )}
          </dl>
        </section>
      </Stack>
    </Drawer>
  )
}

function Fact({ word, children }: { readonly word: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </>
  )
}

const secondMs = 1000

function clockText(offsetMs: Node['clockOffsetMs']): string {
  if (offsetMs === null || offsetMs === undefined) return 'not known'
  const seconds = Math.round(Math.abs(offsetMs) / secondMs)
  if (seconds < 2) return 'agrees'
  return `${seconds} s ${offsetMs > 0 ? 'ahead' : 'behind'}`
}
