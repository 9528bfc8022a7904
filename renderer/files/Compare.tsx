/** Versions beside each other, with what they hold: those of a conflict until a person decides, or an earlier one beside the present one. */
import { Button, Group, Modal, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Entry, Version } from '../../shared/index.ts'
import { nodesQuery } from '../api/queries.ts'
import { sizeText } from '../words/sizes.ts'
import { exactTime } from '../words/times.ts'
import { When } from '../words/When.tsx'
import { restoreVersion, settle } from './actions.ts'
import classes from './Compare.module.css'
import { PreviewContent } from './preview/PreviewContent.tsx'

interface Props {
  readonly entry: Entry
  readonly versions: readonly Version[]
  /** A decision between them is asked for; else the earlier ones can be restored. */
  readonly decides: boolean
  readonly onClose: () => void
}

export function Compare({ entry, versions, decides, onClose }: Props) {
  const client = useQueryClient()
  const keep = (which: string): void => {
    void settle(client, entry, which)
    onClose()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="min(1200px, 94vw)"
      title={decides ? `Which “${entry.name}” do you keep?` : `“${entry.name}”, then and now`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className={classes.sides}>
        {versions.map((version) => (
          <section
            key={version.id}
            className={classes.side}
            aria-label={version.current ? 'The version shown now' : `Version of ${exactTime(version.created)}`}
          >
            <Head version={version} />
            <div className={classes.stage}>
              <PreviewContent entry={entry} version={version} plays={false} />
            </div>
            {decides ? (
              <Button variant="default" onClick={() => keep(version.id)}>
                Keep this
              </Button>
            ) : version.current ? null : (
              <Button
                onClick={() => {
                  void restoreVersion(client, entry, version.id)
                  onClose()
                }}
              >
                Restore this
              </Button>
            )}
          </section>
        ))}
      </div>
      {decides ? (
        <Group justify="space-between" mt="md">
          <Text size="sm" c="dimmed">
            What you do not keep stays among the versions.
          </Text>
          <Button onClick={() => keep('both')}>Keep both</Button>
        </Group>
      ) : null}
    </Modal>
  )
}

function Head({ version }: { readonly version: Version }) {
  const nodes = useQuery(nodesQuery)
  const author = nodes.data?.find(({ id }) => id === version.author)?.name ?? 'A machine'
  return (
    <div>
      <Text fw={600}>{version.current ? `${author} (shown now)` : author}</Text>
      <Text size="sm" c="dimmed">
        <When at={version.created} />, {sizeText(version.size)}
      </Text>
    </div>
  )
}
