/** How much is in a folder and in those below, on which machines, and what of it is not protected. */
import { Anchor, Skeleton, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Entry, FileState, FolderContents, Node } from '../../shared/index.ts'
import { wordsOf } from '../api/client.ts'
import { folderContentsQuery, nodesQuery } from '../api/queries.ts'
import { Link } from '../app/Link.tsx'
import { filesText, foldersText, sizeText } from '../words/sizes.ts'
import { fileStateLooks, filesByState, machineLook } from '../words/states.ts'
import classes from './Details.module.css'

export function Contents({ folder }: { readonly folder: Entry }) {
  const contents = useQuery(folderContentsQuery(folder.id))
  const nodes = useQuery(nodesQuery)
  return (
    <section className={classes.section} aria-labelledby="contents-title">
      <Title order={3} size="sm" fw={600} id="contents-title">
        What is in it
      </Title>
      {contents.isError ? (
        <Text size="sm" c="dimmed">
          {wordsOf(contents.error)}
        </Text>
      ) : contents.data === undefined ? (
        <Skeleton height={18} />
      ) : (
        <>
          <Text size="sm">{sumText(contents.data)}</Text>
          <ul className={classes.list}>
            {filesByState(contents.data.files).map(([state, files]) =>
              state === 'protected' || files === 0 ? null : (
                <State key={state} state={state} files={files} folder={folder} />
              ),
            )}
            {contents.data.nodes.map((holder) => (
              <Machine
                key={holder.nodeId}
                name={holder.name}
                has={holder.files === contents.data.files.total ? 'all of it' : filesText(holder.files)}
                node={nodes.data?.find(({ id }) => id === holder.nodeId)}
              />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

/** `412 files in 12 folders, 3.2 GB`. */
function sumText({ files, folders, bytes }: FolderContents): string {
  if (files.total === 0) return folders === 0 ? 'Nothing yet.' : `${foldersText(folders)}, all empty.`
  return `${filesText(files.total)}${folders === 0 ? '' : ` in ${foldersText(folders)}`}, ${sizeText(bytes)}`
}

function State({
  state,
  files,
  folder,
}: {
  readonly state: FileState
  readonly files: number
  readonly folder: Entry
}) {
  const { icon: Icon, word, color } = fileStateLooks[state]
  return (
    <li className={classes.item}>
      <Icon size={17} stroke={1.7} color={color} aria-hidden />
      <span className={classes.grow}>{word}</span>
      <Anchor
        component={Link}
        to={`/search?folder=${encodeURIComponent(folder.path)}&kind=file&state=${state}`}
        size="sm"
      >
        {filesText(files)}
      </Anchor>
    </li>
  )
}

interface MachineProps {
  readonly name: string
  /** How much of it. */
  readonly has: string
  readonly node: Node | undefined
}

function Machine({ name, has, node }: MachineProps) {
  const look = node === undefined ? undefined : machineLook(node)
  return (
    <li className={classes.item}>
      {look === undefined ? null : <look.icon size={17} stroke={1.7} color={look.color} aria-hidden />}
      <span className={classes.grow}>
        {name} <span className={classes.sub}>{node?.site}</span>
      </span>
      <span className={classes.sub}>{has}</span>
    </li>
  )
}
