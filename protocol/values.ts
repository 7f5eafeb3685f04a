/**
 * Python values without a JavaScript twin, kept exact across a round trip. Dates and times are Temporal objects:
 *
 * | Python | here |
 * |---|---|
 * | int beyond 2^53 | bigint |
 * | bytes / bytearray | Uint8Array / {@link ByteArray} |
 * | tuple / frozenset | {@link Tuple} / {@link FrozenSet} |
 * | dict with keys other than strings | Map |
 * | OrderedDict / defaultdict | {@link OrderedDict} / {@link DefaultDict} |
 * | naive datetime / aware datetime | Temporal.PlainDateTime / Temporal.ZonedDateTime |
 * | date / time / timedelta | Temporal.PlainDate / Temporal.PlainTime / Temporal.Duration |
 * | Decimal / UUID | {@link Decimal} / {@link Uuid} |
 * | exception / object of another class | {@link PythonError} / {@link PickledObject} |
 *
 * A JavaScript Date is written as an aware datetime in UTC, and a number without a fraction as an int: {@link float}
 * makes it a float. docs/values.md tells which serializer carries what.
 */

/** What `str()` of a Decimal may be. */
export const DECIMAL_TEXT: RegExp = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|Infinity|s?NaN\d*)$/;

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

/** A number that is a float in Python even without a fraction: `float(1)` arrives as `1.0`. It calculates like a number. */
export class Float extends Number {}

/** See {@link Float}. */
export function float(value: number): Float {
  return new Float(value);
}

/** A plain number for a Float, and other values as they are: in fields of the protocol a number's exact type says nothing. */
export function plainNumber(value: unknown): unknown {
  return value instanceof Float ? Number(value) : value;
}

/** {@link plainNumber} of each member. */
export function withPlainNumbers(members: PlainObject): PlainObject {
  if (!Object.values(members).some((member) => member instanceof Float)) return members;
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, plainNumber(member)]));
}

/** A Python tuple: an array in every other way. Serializers without tuples write it as one. */
export class Tuple<T = unknown> extends Array<T> {
  /** What map(), filter() and slice() make is a plain array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** `tuple(1, "two")` is Python's `(1, "two")`. */
export function tuple<T>(...items: readonly T[]): Tuple<T> {
  return Tuple.from(items) as Tuple<T>;
}

/** A Python frozenset: a Set that Python can use as a key. */
export class FrozenSet<T = unknown> extends Set<T> {}

/** A Python bytearray: bytes that Python can change. */
export class ByteArray extends Uint8Array {}

/** A Python `collections.OrderedDict`; a Map keeps its order for number-like keys too, which an object does not. */
export class OrderedDict<K = unknown, V = unknown> extends Map<K, V> {}

/** A Python `collections.defaultdict`. Nothing is made up here for keys that it has not. */
export class DefaultDict<K = unknown, V = unknown> extends Map<K, V> {
  /** The name of the type whose instances are its defaults, such as `list`; null for none. */
  readonly factory: string | null;

  constructor(factory: string | null, entries: Iterable<readonly [K, V]> = []) {
    super(entries);
    this.factory = factory;
  }
}

/** A Python exception as a value. Data only: nothing is ever looked up or called by these names. */
export class PythonError {
  /** The class, such as `ValueError`. */
  readonly type: string;
  readonly args: readonly unknown[];
  /** Where Python has the class, such as `builtins`. */
  readonly module: string;
  /** The attributes that its pickle lists beside the arguments. */
  readonly state: PlainObject | undefined;

  constructor(type: string, args: readonly unknown[] = [], module = "builtins", state?: PlainObject) {
    this.type = type;
    this.args = args;
    this.module = module;
    this.state = state;
  }

  /** The form that Celery gives exceptions in all serializers but pickle. */
  toJSON(): {
    readonly exc_type: string;
    readonly exc_message: readonly unknown[];
    readonly exc_module: string;
  } {
    return { exc_type: this.type, exc_message: this.args, exc_module: this.module };
  }
}

/** What a pickle says about an object whose class has no twin here: `module.name(*args)`, then its state. Data only. */
export class PickledObject {
  readonly module: string;
  readonly name: string;
  /** undefined: the class or function itself. */
  readonly args: readonly unknown[] | undefined;
  readonly state: unknown;

  constructor(module: string, name: string, args?: readonly unknown[], state?: unknown) {
    this.module = module;
    this.name = name;
    this.args = args;
    this.state = state;
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
