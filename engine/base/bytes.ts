/**
 * Bytes and their text form. Ids travel as bytes in CBOR and SQLite and as hexadecimal text in code;
 * these are the only conversions, so that an id's alphabet is settled in one place.
 */

/** Bytes of a hexadecimal id. Ids are validated where they enter, so the text is trusted here. */
export function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

/** Lower-case hexadecimal text of bytes; a view, nothing is copied but the text. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** The same memory as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
