import { TopBar } from '../app/TopBar.tsx'
export function SearchScreen() {
  return <TopBar title="Search" />
}
