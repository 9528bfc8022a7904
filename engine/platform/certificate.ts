/**
 * From a certificate to the id of its node: first 16 bytes of the SHA-256 of the public key (SPKI, DER). So pinning an id
 * pins a key, whatever else a certificate claims. Only ECDSA P-256 keys have an id: one curve for TLS, signing and sealing,
 * and the one that Electron's BoringSSL takes.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'

/** The node whose certificate (X.509, DER) this is. Throws `bad-certificate`. */
export function nodeIdOfCertificate(der: Uint8Array): NodeId {
  const { publicKey } = readCertificate(der)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex').slice(0, 32) as NodeId
}

/** Parses a foreign certificate and checks the kind of its key. Throws `bad-certificate`. */
export function readCertificate(der: Uint8Array): X509Certificate {
  if (der.length > limits.certificateMaxBytes) {
    throw new EngineError('bad-certificate', `a certificate of ${der.length} bytes is longer than any node's`)
  }
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(der)
  } catch (error) {
    throw new EngineError('bad-certificate', 'the certificate cannot be read', { cause: error })
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
  if (asymmetricKeyType !== 'ec' || asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new EngineError(
      'bad-certificate',
      `the certificate's key is ${asymmetricKeyType ?? 'unknown'}, not ECDSA P-256`,
    )
  }
  return certificate
}
