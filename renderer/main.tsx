/**
 * The window's start: the library with our look, the cache of what the engine answered, and the app. The nonce lets the
 * library's style sheets through the content security policy; whoever could read it here could already run scripts.
 */
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './theme.css'
import { queryClient } from './api/queryClient.ts'
import { App } from './app/App.tsx'
import { styleNonce } from './app/nonce.ts'
import { theme, variables } from './theme.ts'

// Where the library below the library's dialogs looks for the nonce.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() })

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no place for the window.')
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Notifications position="bottom-center" limit={4} />
      <QueryClientProvider client={queryClient}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
