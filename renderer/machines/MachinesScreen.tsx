import { TopBar } from '../app/TopBar.tsx'
export default function MachinesScreen() {
  return <TopBar title="Machines" />
}
