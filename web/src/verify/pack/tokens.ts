/** RFC 3161 timestamps: what a token says, and whether an authority that was given has signed it. */
import { fromBER, ObjectIdentifier, OctetString, type BaseBlock } from 'asn1js'
import { Certificate, ContentInfo, ExtKeyUsage, getCrypto, IssuerAndSerialNumber, SignedData, TimeStampResp, TSTInfo, type SignerInfo } from 'pkijs'
import { Broken, hold } from '../core/broken'
import { concat, equal } from '../core/bytes'

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const TST_INFO = '1.2.840.113549.1.9.16.1.4'
const SHA_256 = '2.16.840.1.101.3.4.2.1'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const EXT_KEY_USAGE = '2.5.29.37'
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
}

/** RSA with PKCS #1 v1.5, ECDSA; in a CMS signature also RSA without a digest (RFC 3370 §3.2). */
const SIGNATURES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.1': null,
  '1.2.840.113549.1.1.11': 'SHA-256',
  '1.2.840.113549.1.1.12': 'SHA-384',
  '1.2.840.113549.1.1.13': 'SHA-512',
  '1.2.840.10045.4.3.2': 'SHA-256',
  '1.2.840.10045.4.3.3': 'SHA-384',
  '1.2.840.10045.4.3.4': 'SHA-512',
}

export interface Token {
  /** The SHA-256 that was stamped. */
  readonly imprint: Uint8Array
  /** UTC ms. */
  readonly genTime: number
  readonly signed: SignedData
}

/** A DER TimeStampResp that was granted. Throws Broken. */
export function readToken(der: Uint8Array): Token {
  return named('not_a_timestamp', () => {
    const response = new TimeStampResp({ schema: whole(der) })
    const granted = Number(response.status.status)
    // RFC 3161 §2.4.2: both 0 and 1 (granted with modifications) bring a token, which is what is judged.
    hold(granted === 0 || granted === 1, 'not_granted', `status ${granted}`)
    const token = response.timeStampToken
    hold(token instanceof ContentInfo && token.contentType === SIGNED_DATA, 'not_a_timestamp', 'no token')
    const signed = new SignedData({ schema: token.content as BaseBlock })
    hold(signed.encapContentInfo.eContentType === TST_INFO, 'not_a_timestamp', 'no TSTInfo')
    const info = new TSTInfo({ schema: whole(contentOf(signed)) })
    hold(info.messageImprint.hashAlgorithm.algorithmId === SHA_256, 'not_sha256')
    const imprint = info.messageImprint.hashedMessage.valueBlock.valueHexView
    hold(imprint.length === 32, 'not_sha256')
    return { imprint: concat(imprint), genTime: info.genTime.getTime(), signed }
  })
}

/** Certificates of authorities, from PEM text with one or several. Throws Broken `not_a_certificate`. */
export function readAuthorities(pem: string): Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  hold(blocks.length > 0, 'not_a_certificate')
  return blocks.map((block) =>
    named('not_a_certificate', () => {
      const base64 = block.replace(/-----[A-Z ]+-----|\s/g, '')
      return new Certificate({ schema: whole(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))) })
    }),
  )
}

/**
 * The token is signed by a certificate that is one of these or is issued by one of them directly,
 * is made for time stamping and was valid at genTime. Authorities are trusted as they are.
 * Throws Broken: `no_signer`, `unknown_authority`, `not_for_timestamping`, `certificate_expired`,
 * `wrong_attributes`, `signature_wrong`.
 */
export async function verifyToken(token: Token, authorities: readonly Certificate[]): Promise<void> {
  const { signed } = token
  const signers = signed.signerInfos
  hold(signers.length === 1, 'no_signer')
  const signer = signers[0] as SignerInfo
  const inside = (signed.certificates ?? []).filter((each): each is Certificate => each instanceof Certificate)
  const certificate = [...inside, ...authorities].find((each) => isOf(signer, each))
  hold(certificate !== undefined, 'no_signer')
  hold(await isTrusted(certificate, authorities), 'unknown_authority')
  hold(isForTimeStamping(certificate), 'not_for_timestamping')
  const { notBefore, notAfter } = certificate
  hold(notBefore.value.getTime() <= token.genTime && token.genTime <= notAfter.value.getTime(), 'certificate_expired')
  await verifySigner(signed, signer, certificate)
}

function isOf({ sid }: SignerInfo, certificate: Certificate): boolean {
  if (sid instanceof IssuerAndSerialNumber) {
    return sid.issuer.isEqual(certificate.issuer) && sid.serialNumber.isEqual(certificate.serialNumber)
  }
  // [0] SubjectKeyIdentifier (RFC 5652 §5.3).
  const wanted = (sid as { valueBlock?: { valueHexView?: Uint8Array } } | undefined)?.valueBlock?.valueHexView
  const own = certificate.extensions?.find((each) => each.extnID === '2.5.29.14')?.parsedValue as OctetString | undefined
  return wanted !== undefined && own instanceof OctetString && equal(wanted, own.valueBlock.valueHexView)
}

async function isTrusted(certificate: Certificate, authorities: readonly Certificate[]): Promise<boolean> {
  const own = derOf(certificate)
  for (const authority of authorities) {
    if (equal(own, derOf(authority))) return true
    if (!certificate.issuer.isEqual(authority.subject)) continue
    const signed = await signedBy(certificate.tbsView, certificate.signatureValue, authority, certificate)
    if (signed) return true
  }
  return false
}

function derOf(certificate: Certificate): Uint8Array {
  return new Uint8Array(certificate.toSchema(false).toBER(false))
}

function isForTimeStamping(certificate: Certificate): boolean {
  const usage = certificate.extensions?.find((each) => each.extnID === EXT_KEY_USAGE)?.parsedValue
  return usage instanceof ExtKeyUsage && usage.keyPurposes.includes(TIME_STAMPING)
}

/** RFC 5652 §5.4: the signature is over the signed attributes, which hold the digest of the content. */
async function verifySigner(signed: SignedData, signer: SignerInfo, certificate: Certificate): Promise<void> {
  const digestName = DIGESTS[signer.digestAlgorithm.algorithmId]
  hold(digestName !== undefined && signer.signedAttrs !== undefined, 'wrong_attributes')
  const kind = SIGNATURES[signer.signatureAlgorithm.algorithmId]
  hold(kind !== undefined && (kind === null || kind === digestName), 'signature_wrong', 'another algorithm')
  const attributes = signer.signedAttrs.attributes
  const single = (type: string): unknown => {
    const found = attributes.filter((each) => each.type === type)
    hold(found.length === 1 && found[0]?.values.length === 1, 'wrong_attributes', type)
    return found[0].values[0]
  }
  const type = single(CONTENT_TYPE)
  hold(type instanceof ObjectIdentifier && type.valueBlock.toString() === TST_INFO, 'wrong_attributes', 'content type')
  const digest = single(MESSAGE_DIGEST)
  const content = new Uint8Array(await crypto.subtle.digest(digestName, concat(contentOf(signed))))
  hold(digest instanceof OctetString && equal(digest.valueBlock.valueHexView, content), 'wrong_attributes', 'digest')
  const data = new Uint8Array(signer.signedAttrs.encodedValue)
  const holds = await named('signature_wrong', async () =>
    getCrypto(true).verifyWithPublicKey(data, signer.signature, certificate.subjectPublicKeyInfo, signer.signatureAlgorithm, digestName),
  )
  hold(holds, 'signature_wrong')
}

async function signedBy(data: Uint8Array, signature: Certificate['signatureValue'], authority: Certificate, of: Certificate): Promise<boolean> {
  if (SIGNATURES[of.signatureAlgorithm.algorithmId] == null) return false
  try {
    return await getCrypto(true).verifyWithPublicKey(concat(data), signature, authority.subjectPublicKeyInfo, of.signatureAlgorithm)
  } catch {
    return false
  }
}

function contentOf(signed: SignedData): Uint8Array {
  const content = signed.encapContentInfo.eContent
  hold(content !== undefined, 'not_a_timestamp', 'no content')
  return new Uint8Array(content.getValue())
}

/** One DER value and nothing behind it. */
function whole(der: Uint8Array): BaseBlock {
  hold(endOf(der, 0, der.length, 0) === der.length, 'not_a_timestamp', 'not DER')
  const { offset, result } = fromBER(concat(der))
  hold(offset === der.length && result.error === '', 'not_a_timestamp', 'not DER')
  return result
}

const MAX_DEPTH = 40

/** Where the value at `at` ends; the parser itself takes lengths that DER does not (X.690 §10.1). */
function endOf(der: Uint8Array, at: number, limit: number, depth: number): number {
  const bad: (holds: boolean) => void = (holds) => hold(holds, 'not_a_timestamp', 'not DER')
  bad(depth <= MAX_DEPTH && at + 2 <= limit && ((der[at] as number) & 0x1f) !== 0x1f)
  const first = der[at + 1] as number
  let begin = at + 2
  let length = first
  if (first >= 0x80) {
    begin += first - 0x80
    bad(first > 0x80 && first <= 0x84 && begin <= limit)
    length = der.subarray(at + 2, begin).reduce((sum, byte) => sum * 256 + byte, 0)
    bad(length >= 0x80 && der[at + 2] !== 0)
  }
  const end = begin + length
  bad(end <= limit)
  const isConstructed = ((der[at] as number) & 0x20) !== 0
  if (isConstructed) for (let inner = begin; inner < end; ) inner = endOf(der, inner, end, depth + 1)
  return end
}

/** What the parser throws at a hostile file becomes a reason. */
function named<T>(reason: string, work: () => T): T {
  const fail = (error: unknown): never => {
    throw error instanceof Broken ? error : new Broken(reason, error instanceof Error ? error.message.slice(0, 200) : '')
  }
  try {
    const done = work()
    return done instanceof Promise ? (done.catch(fail) as T) : done
  } catch (error) {
    return fail(error)
  }
}

