/** Values that do not nest, as the calls that Python pickles them as. */
import type { Temporal } from "temporal-polyfill";
import { MAX_INTEGER_DIGITS } from "../../protocol/json-parser.ts";
import { ByteArray, DECIMAL_TEXT, Decimal, Float, Uuid } from "../../protocol/values.ts";
import { OP } from "./op.ts";
import type { Output } from "./output.ts";
import { durationParts, offsetOf, toTimeState } from "./times.ts";

const TUPLES = { 1: OP.TUPLE1, 2: OP.TUPLE2, 3: OP.TUPLE3 } as const;

/** Writes what is no object. Throws TypeError and RangeError. */
export function writePrimitive(output: Output, value: unknown): void {
  if (typeof value === "boolean") output.boolean(value);
  else if (typeof value === "number") writeNumber(output, value);
  else if (typeof value === "bigint") writeInteger(output, value);
  else if (typeof value === "string") output.text(value);
  else if (value === null || value === undefined) output.none();
  else throw new TypeError(`a ${typeof value} cannot be sent`);
}

function writeNumber(output: Output, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) output.integer(value);
  else output.float(value);
}

function writeInteger(output: Output, value: bigint): void {
  const digits = String(value).replace("-", "").length;
  if (digits > MAX_INTEGER_DIGITS)
    throw new RangeError(`an integer has ${digits} digits, and Celerity reads ${MAX_INTEGER_DIGITS} at most`);
  output.integer(value);
}

/** Writes an object that is one value to Python; false for others. Throws TypeError and RangeError. */
export function writeScalarObject(output: Output, value: object): boolean {
  if (value instanceof Float) output.float(Number(value));
  else if (value instanceof ByteArray) call(output, "builtins", "bytearray", 1, () => output.bytes(value));
  else if (value instanceof Uint8Array) output.bytes(value);
  else if (value instanceof Decimal) writeDecimal(output, value.text);
  else if (value instanceof Uuid) writeUuid(output, value.hex);
  else if (Object.prototype.toString.call(value) === "[object Temporal.Duration]")
    writeDuration(output, value as Temporal.Duration);
  else return writeTime(output, value);
  return true;
}

/** A call of `module.name` with so many arguments, which `write` writes. */
function call(
  output: Output,
  module: string,
  name: string,
  count: keyof typeof TUPLES,
  write: () => void,
): void {
  output.global(module, name);
  write();
  output.op(TUPLES[count], OP.REDUCE);
}

function writeDecimal(output: Output, text: string): void {
  if (!DECIMAL_TEXT.test(text)) throw new RangeError(`a Decimal is ${JSON.stringify(text.slice(0, 40))}`);
  call(output, "decimal", "Decimal", 1, () => output.text(text));
}

function writeUuid(output: Output, hex: string): void {
  if (!/^[\da-f]{32}$/.test(hex)) throw new RangeError("a Uuid has not 32 hexadecimal digits");
  output.global("uuid", "UUID");
  output.op(OP.EMPTY_TUPLE, OP.NEWOBJ, OP.EMPTY_DICT);
  output.text("int");
  output.integer(BigInt(`0x${hex}`));
  output.op(OP.SETITEM, OP.BUILD);
}

function writeDuration(output: Output, value: Temporal.Duration): void {
  const parts = durationParts(value);
  call(output, "datetime", "timedelta", 3, () => {
    for (const part of parts) output.integer(part);
  });
}

function writeTime(output: Output, value: object): boolean {
  const time = toTimeState(value);
  if (time === undefined) return false;
  const { type, state, zoneId } = time;
  call(output, "datetime", type, zoneId === undefined ? 1 : 2, () => {
    output.bytes(state);
    if (zoneId !== undefined) writeZone(output, zoneId);
  });
  return true;
}

function writeZone(output: Output, zoneId: string): void {
  const offset = offsetOf(zoneId);
  if (offset === undefined) call(output, "zoneinfo", "ZoneInfo", 1, () => output.text(zoneId));
  else call(output, "datetime", "timezone", 1, () => writeDuration(output, offset));
}
