import { TopBar } from '../app/TopBar.tsx'
export function FilesScreen() {
  return <TopBar title="Files" />
}
