/**
 * DER (ITU-T X.690), as much as certificates and revocation lists need. They are the operator's own files, and OpenSSL has
 * read the certificates before: this reader is for what node:crypto does not tell, not a gate.
 */

/** One element. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content: what signatures cover and what compares equal. */
  readonly whole: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  universalString: 0x1c,
  sequence: 0x30,
  /** `[0]` with an element inside. */
  context0: 0xa0,
} as const;

/** The elements that stand one after the other in `bytes`. Throws RangeError for bytes that are not DER. */
export function readElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = readElement(bytes.subarray(at));
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

function readElement(bytes: Buffer): DerElement {
  const [tag = 0, first = 0] = bytes;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = 2 + lengthBytes;
  if ((tag & 0x1f) === 0x1f || first === 0x80 || lengthBytes > 4 || bytes.length < start) throw notDer();
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  if (bytes.length < start + length) throw notDer();
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

/** What a constructed element holds. */
export function childrenOf(element: DerElement | undefined): DerElement[] {
  if (element === undefined) throw notDer();
  return readElements(element.content);
}

/** An INTEGER of any size. */
export function readInteger(element: DerElement | undefined): bigint {
  if (element?.tag !== TAG.integer || element.content.length === 0) throw notDer();
  const { content } = element;
  return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString("hex")}`));
}

const TIME = /^(\d{2,4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** UTCTime or GeneralizedTime as RFC 5280 (4.1.2.5) has them, in milliseconds since 1970. */
export function readTime(element: DerElement | undefined): number {
  const isShort = element?.tag === TAG.utcTime;
  if (element === undefined || !(isShort || element.tag === TAG.generalizedTime)) throw notDer();
  const match = TIME.exec(element.content.toString("latin1"));
  const [year = "", ...rest] = match?.slice(1) ?? [];
  if (year.length !== (isShort ? 2 : 4)) throw notDer();
  const [month = 1, day = 1, hour = 0, minute = 0, second = 0] = rest.map(Number);
  const century = !isShort ? 0 : Number(year) < 50 ? 2000 : 1900;
  return Date.UTC(century + Number(year), month - 1, day, hour, minute, second);
}

function notDer(): RangeError {
  return new RangeError("it is not DER, or is cut short");
}
