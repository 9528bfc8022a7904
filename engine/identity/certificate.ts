/**
 * Makes a node's self-signed certificate. The certificate is a container for the public key: name and dates mean
 * nothing (clocks of home machines are wrong), peers look at the key alone. Built with the X.509 structures of
 * @peculiar/asn1-x509; its big sister @peculiar/x509 was rejected for needing a polyfill of Reflect and a DI container.
 */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import type { Random } from '../ports.ts'

const COMMON_NAME = '2.5.4.3'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
/** RFC 5280, 4.1.2.5: a certificate without a well-defined end. */
const ENDLESS = new Date('9999-12-31T23:59:59Z')
const BEGUN = new Date('2020-01-01T00:00:00Z')

/** A self-signed certificate (X.509 v3, DER) for a key. */
export function makeCertificate(privateKey: KeyObject, random: Random): Buffer {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 })
  const name = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: 'hadahoop' }) }),
    ]),
  ])
  const serial = random.bytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: arrayBufferOf(serial),
    signature: algorithm,
    issuer: name,
    subject: name,
    validity: new Validity({ notBefore: BEGUN, notAfter: ENDLESS }),
    subjectPublicKeyInfo: AsnConvert.parse(arrayBufferOf(spki), SubjectPublicKeyInfo),
  })
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate))
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'der' })
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBufferOf(signature),
  })
  return Buffer.from(AsnConvert.serialize(certificate))
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
