import { TopBar } from '../app/TopBar.tsx'
export default function SettingsScreen() {
  return <TopBar title="Settings" />
}
