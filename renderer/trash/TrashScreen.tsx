import { TopBar } from '../app/TopBar.tsx'
export function TrashScreen() {
  return <TopBar title="Trash" />
}
