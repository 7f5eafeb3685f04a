/** The calls that stand for values, by the name of what is called. Sources: `__reduce_ex__` of Python 2.7 and 3.8 to 3.14, and of Celery 5.2 to 5.7. */
import { Temporal } from "temporal-polyfill";
import { parseSignature } from "../../protocol/signature.ts";
import {
  ByteArray,
  DECIMAL_TEXT,
  Decimal,
  DefaultDict,
  FrozenSet,
  isPlainObject,
  OrderedDict,
  PickledObject,
  type PlainObject,
  PythonError,
  setOwn,
  Tuple,
  Uuid,
} from "../../protocol/values.ts";
import type { Call } from "./call.ts";
import { requireHashable } from "./hashable.ts";
import { GlobalNode } from "./nodes.ts";
import { readDate, readDateTime, readDuration, readTime } from "./times.ts";

/** Makes the value. Throws TypeError and RangeError for arguments that Python would not take or write. */
export type ReadCall = (call: Call) => unknown;

const DATES: Readonly<Record<string, ReadCall>> = {
  "datetime.datetime": (call) => readDateTime(bytes(call, 0), call.arg(1)) ?? asIs(call),
  "datetime.date": (call) => readDate(bytes(call, 0)),
  "datetime.time": (call) => (call.nodes.length > 1 ? asIs(call) : readTime(bytes(call, 0))),
  "datetime.timedelta": (call) => readDuration(integer(call, 0), integer(call, 1), integer(call, 2)),
  "datetime.timezone": (call) => {
    if (!(call.arg(0) instanceof Temporal.Duration)) throw new TypeError("its offset is no timedelta");
    return asIs(call);
  },
};

/** Zones by name. pytz is what Celery up to 5.2 used; it pickles the offset of the moment with the name. */
const ZONES: Readonly<Record<string, ReadCall>> = {
  "zoneinfo.ZoneInfo": (call) => zone(text(call, 0)),
  "zoneinfo.ZoneInfo._unpickle": (call) => zone(text(call, 0)),
  "backports.zoneinfo.ZoneInfo": (call) => zone(text(call, 0)),
  "backports.zoneinfo.ZoneInfo._unpickle": (call) => zone(text(call, 0)),
  "pytz._UTC": () => zone("UTC"),
  "pytz._p": (call) => zone(text(call, 0)),
};

function zone(key: string): PickledObject {
  return new PickledObject("zoneinfo", "ZoneInfo", [key]);
}

const NUMBERS: Readonly<Record<string, ReadCall>> = {
  "decimal.Decimal": (call) => new Decimal(matching(DECIMAL_TEXT, text(call, 0))),
  "uuid.UUID"(call) {
    const value = call.stateMember("int");
    if (typeof value !== "bigint" && typeof value !== "number") throw new TypeError("its state has no int");
    const hex = BigInt(value).toString(16).padStart(32, "0");
    return new Uuid(matching(/^[\da-f]{32}$/, hex));
  },
  "builtins.complex": asIs,
  "builtins.range": asIs,
};

const BYTES: Readonly<Record<string, ReadCall>> = {
  // How protocols 0 to 2 write bytes and bytearrays: as text of the same codes.
  "_codecs.encode": (call) => latin1(call),
  "builtins.bytes"(call) {
    if (call.nodes.length > 0) throw new TypeError("it has arguments");
    return new Uint8Array();
  },
  "builtins.bytearray"(call) {
    const source = call.arg(0);
    if (source === undefined) return new ByteArray();
    return new ByteArray(source instanceof Uint8Array ? source : latin1(call));
  },
};

function latin1(call: Call): Uint8Array {
  const source = text(call, 0);
  const isLatin1 = /^latin-?1$/.test(text(call, 1)) && !/[^\0-\xff]/.test(source);
  if (!isLatin1) throw new RangeError("it is no Latin-1");
  return new Uint8Array(Buffer.from(source, "latin1"));
}

const CONTAINERS: Readonly<Record<string, ReadCall>> = {
  "builtins.set": (call) => new Set(requireHashable(list(call, 0))),
  "builtins.frozenset": (call) => new FrozenSet(requireHashable(list(call, 0))),
  "collections.OrderedDict": (call) => new OrderedDict([...pairs(list(call, 0)), ...keyed(call.entries())]),
  "collections.defaultdict": (call) => new DefaultDict(factory(call), keyed(call.entries())),
  "collections.deque"(call) {
    const items = [...list(call, 0), ...call.items()];
    return new PickledObject("collections", "deque", [items, ...call.args().slice(1)]);
  },
};

function list(call: Call, index: number): unknown[] {
  const value = call.arg(index) ?? [];
  if (!Array.isArray(value)) throw new TypeError("its argument is no list");
  return value;
}

function pairs(items: readonly unknown[]): [unknown, unknown][] {
  return keyed(
    items.map((item) => {
      if (!Array.isArray(item) || item.length !== 2) throw new TypeError("its argument has no pairs");
      return [item[0], item[1]];
    }),
  );
}

function keyed(entries: readonly [unknown, unknown][]): [unknown, unknown][] {
  requireHashable(entries.map(([key]) => key));
  return [...entries];
}

/** The name of what a defaultdict calls; builtins by their bare name. */
function factory(call: Call): string | null {
  const [node = null] = call.nodes;
  if (node === null) return null;
  const value = call.arg(0);
  if (!(value instanceof PickledObject) || !(node instanceof GlobalNode))
    throw new TypeError("its factory is no type");
  return value.module === "builtins" ? value.name : `${value.module}.${value.name}`;
}

const CELERY: Readonly<Record<string, ReadCall>> = {
  "celery.canvas.signature": (call) => parseSignature(call.arg(0), "signature"),
  "celery.utils.serialization.UnpickleableExceptionWrapper"(call) {
    const [module, type, args] = call.args();
    call.state();
    if (typeof module !== "string" || typeof type !== "string" || !Array.isArray(args))
      throw new TypeError("its arguments are no exception's");
    return new PythonError(type, args, module);
  },
  // Results as the tuples of as_tuple(); their backend, which knows its password, is left out.
  "celery.result.AsyncResult"(call) {
    call.skip(1);
    return [[text(call, 0), call.arg(4) ?? null], null];
  },
  "celery.result.GroupResult": (call) => [[text(call, 0), null], list(call, 1)],
};

/** All of the above. */
export const READ_CALLS: ReadonlyMap<string, ReadCall> = new Map(
  [DATES, ZONES, NUMBERS, BYTES, CONTAINERS, CELERY].flatMap((table) => Object.entries(table)),
);

/** What only leads to a call, see `targetOf` of call.ts. */
export const READ_THROUGH: ReadonlySet<string> = new Set([
  "builtins.getattr",
  "copyreg._reconstructor",
  "copyreg.__newobj__",
  "celery.app.base._unpickle_appattr",
]);

/** A small value without a JavaScript twin; it does not nest, so that its arguments are no level of their own. */
function asIs(call: Call): PickledObject {
  const { callee, nodes } = call;
  return new PickledObject(
    callee.module,
    callee.name,
    nodes.map((_, index) => call.arg(index)),
  );
}

/** An exception of any class. */
export function readException(call: Call): PythonError {
  const { module, name } = call.callee;
  return new PythonError(name, call.args(), module, attributes(call.state()));
}

/** An object of a class that the application allows. */
export function readObject(call: Call): PickledObject {
  return new PickledObject(call.callee.module, call.callee.name, call.args(), call.state());
}

/** A state is a dict, or a pair of one and the `__slots__`. An empty one is none. */
function attributes(state: unknown): PlainObject | undefined {
  const merged: PlainObject = {};
  for (const part of state instanceof Tuple ? state : [state]) {
    if (part === undefined || part === null) continue;
    if (!isPlainObject(part)) throw new TypeError("its state is no dict");
    for (const [name, value] of Object.entries(part)) setOwn(merged, name, value);
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function text(call: Call, index: number): string {
  const value = call.arg(index);
  if (typeof value !== "string") throw new TypeError(`its argument ${index} is no text`);
  return value;
}

function bytes(call: Call, index: number): Uint8Array {
  const value = call.arg(index);
  if (value instanceof Uint8Array) return value;
  return Buffer.from(text(call, index), "latin1");
}

function integer(call: Call, index: number): bigint {
  const value = call.arg(index) ?? 0;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt(value as number | bigint);
  throw new TypeError(`its argument ${index} is no integer`);
}

function matching(pattern: RegExp, value: string): string {
  if (!pattern.test(value)) throw new RangeError(`its text does not match ${pattern}`);
  return value;
}
