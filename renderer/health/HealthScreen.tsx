import { TopBar } from '../app/TopBar.tsx'
export default function HealthScreen() {
  return <TopBar title="Health" />
}
