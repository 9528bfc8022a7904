/**
 * The look: one accent, neutrals by background steps, state colours only for states. Colours that text stands on or in are
 * chosen for AA contrast in light and dark (the library's own greys and light variants are not).
 */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#eef3ff',
  '#dce5fb',
  '#b6c8f5',
  '#8ea9f0',
  '#6c8feb',
  '#567fe8',
  '#3c6be0',
  '#2a5bd0',
  '#2250bb',
  '#1645a6',
]

export const theme = createTheme({
  colors: { accent },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 7 },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '28px' }, h2: { fontSize: '20px' }, h3: { fontSize: '17px' }, h4: { fontSize: '14px' } },
  },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Modal: {
      defaultProps: {
        centered: true,
        styles: { title: { fontSize: 17, fontWeight: 600 } },
        transitionProps: { duration: 120 },
        overlayProps: { backgroundOpacity: 0.4 },
      },
    },
    // As beneath dialogs.
    Drawer: {
      defaultProps: {
        styles: { title: { fontSize: 17, fontWeight: 600 } },
        transitionProps: { duration: 140 },
        overlayProps: { backgroundOpacity: 0.4 },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // Without the library's invisible place for the first focus, which menus may not hold: their first item has it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, transitionProps: { duration: 80 }, shadow: 'md' } },
    Progress: { defaultProps: { styles: { root: { backgroundColor: 'var(--track)' } } } },
    Slider: { defaultProps: { styles: { markLabel: { color: 'var(--mantine-color-dimmed)' } } } },
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 80 } } },
  },
})

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1c2026',
    '--mantine-color-dimmed': '#5a6372',
    '--mantine-color-placeholder': '#6a7280',
    '--mantine-color-anchor': '#2250bb',
    '--mantine-color-error': '#c02626',
    '--mantine-color-default-border': '#d5dae1',
  },
  dark: {
    '--mantine-color-body': '#16181d',
    '--mantine-color-text': '#e4e7ec',
    '--mantine-color-dimmed': '#a2abb9',
    '--mantine-color-placeholder': '#8b94a3',
    '--mantine-color-anchor': '#8ea9f0',
    '--mantine-color-error': '#ff8f8a',
    '--mantine-color-default': '#23262d',
    '--mantine-color-default-hover': '#2b2f37',
    '--mantine-color-default-border': '#3a3f49',
    // The library's own are grey without blue.
    '--mantine-color-dark-4': '#343943',
    '--mantine-color-dark-5': '#2e323b',
    '--mantine-color-dark-6': '#1d2026',
    '--mantine-color-dark-8': '#101216',
  },
})
