/**
 * Makes a node's self-signed certificate. The certificate is a container for the public key: name and dates mean
 * nothing (clocks of home machines are wrong), peers look at the key alone. Built with the X.509 structures of
 * @peculiar/asn1-x509; its big sister @peculiar/x509 was rejected for needing a polyfill of Reflect and a DI container.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  AsnConvert,
  AsnIntegerArrayBufferConverter,
  AsnProp,
  AsnPropTypes,
  AsnType,
  AsnTypeTypes,
} from '@peculiar/asn1-schema'
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

/** RFC 3279, 2.2.3. The library describes structures by decorators, called here as the functions that they are. */
class EcdsaSignature {
  r = new ArrayBuffer(0)
  s = new ArrayBuffer(0)
}
AsnType({ type: AsnTypeTypes.Sequence })(EcdsaSignature)
for (const name of ['r', 's']) {
  AsnProp({ type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter })(EcdsaSignature.prototype, name)
}

/** A self-signed certificate (X.509 v3, DER) for a key, signed by `sign` (as Identity.sign does). */
export function makeCertificate(privateKey: KeyObject, sign: (bytes: Uint8Array) => Buffer, random: Random): Buffer {
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
  const plain = sign(signed)
  const signature = new EcdsaSignature()
  signature.r = positive(plain.subarray(0, 32))
  signature.s = positive(plain.subarray(32))
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: AsnConvert.serialize(signature),
  })
  return Buffer.from(AsnConvert.serialize(certificate))
}

/** As an ASN.1 integer: without leading zeros, but for one before a set first bit. */
function positive(bytes: Uint8Array): ArrayBuffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const plain = bytes.subarray(start < 0 ? bytes.length - 1 : start)
  return arrayBufferOf((plain[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), plain]) : plain)
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
