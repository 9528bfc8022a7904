/** The nonce of this page's answer, which style sheets made at run time must carry. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''
}
