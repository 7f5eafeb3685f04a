/**
 * Python values without a JavaScript twin, kept exact across a round trip. Dates and times are Temporal objects:
 *
 * | Python | here |
 * |---|---|
 * | int beyond 2^53 | bigint |
 * | bytes | Uint8Array |
 * | naive datetime / aware datetime | Temporal.PlainDateTime / Temporal.ZonedDateTime (offset zone) |
 * | date / time | Temporal.PlainDate / Temporal.PlainTime |
 * | Decimal / UUID | {@link Decimal} / {@link Uuid} |
 *
 * A JavaScript Date is written as an aware datetime in UTC.
 */

/** A Python `decimal.Decimal`, kept as its exact text (`1.10`, `1E+3`, `NaN`). */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** A Python `uuid.UUID`, in its canonical lower-case form with dashes. */
export class Uuid {
  readonly text: string;

  constructor(text: string) {
    const hex = text.replaceAll("-", "").toLowerCase();
    this.text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** The 32 hexadecimal digits without dashes. */
  get hex(): string {
    return this.text.replaceAll("-", "");
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** An object read from the wire: own keys only, never a prototype that input can reach. */
export type PlainObject = Record<string, unknown>;

/** True for objects that map keys to values (not arrays, bytes, dates or class instances). */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Sets an own property whatever its name: plain assignment to `__proto__` would set the prototype instead. */
export function setOwn(target: PlainObject, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
