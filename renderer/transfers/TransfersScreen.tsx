import { TopBar } from '../app/TopBar.tsx'
export function TransfersScreen() {
  return <TopBar title="Transfers" />
}
