/** The code by which another machine joins: to read, to copy, to scan. A new one each time, since each works once. */
import { Button, Code, CopyButton, Group, Loader, Modal, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import makeQrCode from 'qrcode-generator'
import { useMemo } from 'react'
import type { Invite as InviteFacts } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { Message } from '../app/Message.tsx'
import { Until } from '../words/When.tsx'
import classes from './Invite.module.css'

export function Invite({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Add a machine"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Content />
    </Modal>
  )
}

function Content() {
  const invite = useQuery({
    queryKey: ['invite'],
    queryFn: () => request<InviteFacts>('POST', '/v1/pool/invites'),
    gcTime: 0,
    retry: false,
  })
  if (invite.isError) {
    return <Message title="No code could be made" text={wordsOf(invite.error)} onRetry={() => void invite.refetch()} />
  }
  if (invite.data === undefined) return <Loader />
  const { code, address, expiresAt } = invite.data
  return (
    <div className={classes.content}>
      <Stack gap="sm" className={classes.words}>
        <Text>
          Start Hadahoop on the other machine, choose <strong>Join a pool</strong> and enter this code.
        </Text>
        <Code block className={classes.code} aria-label="Code">
          {code}
        </Code>
        <Group gap="xs">
          <CopyButton value={code}>
            {({ copied, copy }) => (
              <Button
                data-autofocus
                leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                onClick={copy}
              >
                {copied ? 'Copied' : 'Copy code'}
              </Button>
            )}
          </CopyButton>
          {/* Opens the desktop app on the other machine with the code filled in. */}
          <CopyButton value={`hadahoop://join/${code}`}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy as a link'}
              </Button>
            )}
          </CopyButton>
          <Text size="sm" c="dimmed">
            Works once, ends <Until at={expiresAt} />.
          </Text>
        </Group>
        <Text size="sm" c="dimmed">
          If the machines do not find each other, give this address as well: <Code>{address}</Code>
        </Text>
      </Stack>
      <QrCode text={code} />
    </div>
  )
}

/** Free modules around the code, which scanners need. */
const marginModules = 2

function QrCode({ text }: { readonly text: string }) {
  const { path, size } = useMemo(() => {
    const code = makeQrCode(0, 'M')
    code.addData(text)
    code.make()
    const count = code.getModuleCount()
    let drawn = ''
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < count; column++) {
        if (code.isDark(row, column)) drawn += `M${column + marginModules} ${row + marginModules}h1v1h-1z`
      }
    }
    return { path: drawn, size: count + 2 * marginModules }
  }, [text])
  return (
    <svg className={classes.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label="The code to scan">
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  )
}
