/** A folder with nothing in it: a place to drop. */
import { Button, Text, Title } from '@mantine/core'
import { IconCloudUpload, IconUpload } from '@tabler/icons-react'
import classes from './EmptyFolder.module.css'

export function EmptyFolder({ onPick }: { readonly onPick: () => void }) {
  return (
    <div className={classes.place}>
      <div className={classes.frame}>
        <IconCloudUpload size={56} stroke={1.2} aria-hidden />
        <Title order={2} size="h3" fw={600}>
          Drop files or folders here
        </Title>
        <Text c="dimmed">They are kept on several machines and can be opened on each of them.</Text>
        <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} onClick={onPick}>
          Choose files
        </Button>
      </div>
    </div>
  )
}
