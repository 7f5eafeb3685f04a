/**
 * Python reprs of arguments, as Celery puts them into `argsrepr` and `kwargsrepr` for logs and monitors: at most so many
 * levels and characters, cut with `, ...` and balanced brackets. Source: celery/utils/saferepr.py of 5.7, reproduced
 * character for character where JavaScript has the same type; an array is taken for a list.
 */
import { toPythonTime } from "./typed-values.ts";
import { Decimal, Float, isPlainObject, type PlainObject, Tuple, Uuid } from "./values.ts";

/** Celery's `argsrepr_maxsize`, `kwargsrepr_maxsize` and `resultrepr_maxsize`, in characters; the last one may overdraw it. */
const MAX_LENGTH = 1024;
/** Celery's `task_repr_maxlevels`; 0 is no limit. */
const MAX_LEVELS = 3;

/** `(2, 'two')`: arguments are a tuple in Python. */
export function argsRepr(
  args: readonly unknown[],
  maxLength: number = MAX_LENGTH,
  maxLevels: number = MAX_LEVELS,
): string {
  const output: Output = { text: "", maxLength, maxLevels };
  writeTuple(output, args, 0);
  return output.text;
}

/** `{'x': 2}`. */
export function kwargsRepr(kwargs: PlainObject, maxLength?: number, maxLevels?: number): string {
  return pythonRepr(kwargs, maxLength, maxLevels);
}

/** Any value, for example a task's result in an event. */
export function pythonRepr(
  value: unknown,
  maxLength: number = MAX_LENGTH,
  maxLevels: number = MAX_LEVELS,
): string {
  const output: Output = { text: "", maxLength, maxLevels };
  writeValue(output, value, 0);
  return output.text;
}

interface Output {
  text: string;
  readonly maxLength: number;
  readonly maxLevels: number;
}

/** Whether so many UTF-16 units fit for sure: code points, which Python counts, can only be fewer. */
function fits(output: Output, units: number): boolean {
  return output.text.length + units < output.maxLength;
}

/** Characters left; 0 or less once the last token has overdrawn them. */
function roomOf(output: Output): number {
  return output.maxLength - lengthOf(output.text);
}

/** Writes one token. False when there was no room: an ellipsis stands for it and all that follows. */
function write(output: Output, token: string): boolean {
  const hasRoom = fits(output, 0) || roomOf(output) > 0;
  output.text += hasRoom ? token : ", ...";
  return hasRoom;
}

function writeValue(output: Output, value: unknown, level: number): boolean {
  if (typeof value !== "object" || value === null) return write(output, scalarRepr(output, value));
  if (value instanceof Tuple) return writeTuple(output, value, level);
  if (Array.isArray(value)) return writeContainer(output, "[", "]", value, writeValue, level);
  if (isPlainObject(value)) {
    const members = Object.entries(value).filter(isSent);
    return writeContainer(output, "{", "}", members, writeEntry, level);
  }
  if (value instanceof Map) return writeContainer(output, "{", "}", [...value], writeEntry, level);
  if (value instanceof Set && value.size > 0)
    return writeContainer(output, "{", "}", [...value], writeValue, level);
  return write(output, scalarRepr(output, value));
}

function writeTuple(output: Output, items: readonly unknown[], level: number): boolean {
  return writeContainer(output, "(", items.length === 1 ? ",)" : ")", items, writeValue, level);
}

/** Serializers leave undefined members out. */
function isSent([, member]: readonly [string, unknown]): boolean {
  return member !== undefined;
}

function writeContainer<T>(
  output: Output,
  open: string,
  close: string,
  items: readonly T[],
  writeItem: (output: Output, item: T, level: number) => boolean,
  level: number,
): boolean {
  if (level >= output.maxLevels && output.maxLevels > 0) return write(output, `${open}...${close}`);
  if (!write(output, open)) return false;
  const isWhole = items.every(
    (item, index) => (index === 0 || write(output, ", ")) && writeItem(output, item, level + 1),
  );
  // Brackets close even when no room is left.
  output.text += close;
  return isWhole;
}

function writeEntry(output: Output, [key, value]: readonly [unknown, unknown], level: number): boolean {
  const isShown = write(output, scalarRepr(output, key)) && write(output, ": ");
  return isShown && writeValue(output, value, level);
}

function scalarRepr(output: Output, value: unknown): string {
  if (typeof value === "string") {
    const shown = fits(output, value.length) ? value : truncate(value, roomOf(output));
    return shown.includes("'") ? `'${shown.replaceAll("'", "\\'")}'` : `'${shown}'`;
  }
  if (value instanceof Uint8Array) return bytesRepr(value, roomOf(output));
  const text = plainRepr(value);
  return fits(output, text.length) ? text : truncate(text, roomOf(output));
}

function plainRepr(value: unknown): string {
  switch (typeof value) {
    case "number":
      return floatRepr(value);
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "True" : "False";
    case "undefined":
      return "None";
    case "object":
      return value === null ? "None" : objectRepr(value);
    default:
      return `<${typeof value}>`;
  }
}

function objectRepr(value: object): string {
  if (value instanceof Float) return floatRepr(Number(value)).replace(/^-?\d+$/, "$&.0");
  if (value instanceof Decimal) return `Decimal('${value.text}')`;
  if (value instanceof Uuid) return `UUID('${value.text}')`;
  if (value instanceof Set) return "set()";
  return timeRepr(value) ?? `<${value.constructor?.name ?? "object"}>`;
}

/**
 * Python switches to exponents earlier than JavaScript, and pads them to two digits. A whole number is an int up to 2^53,
 * as the serializers write it.
 */
function floatRepr(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  if (!Number.isFinite(value)) return String(value).replace("NaN", "nan").replace("Infinity", "inf");
  const size = Math.abs(value);
  if (Number.isInteger(value) && size > Number.MAX_SAFE_INTEGER && size < 1e16) return `${value}.0`;
  const isShort = value === 0 || (size >= 1e-4 && size < 1e16);
  const text = isShort ? String(value) : value.toExponential();
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

const ISO_TIME =
  /^(?:(\d{4})-(\d\d)-(\d\d))?T?(?:(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?)?(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** `datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc)`. */
function timeRepr(value: object): string | undefined {
  const time = safePythonTime(value);
  const match = time && ISO_TIME.exec(time.text);
  if (!time || !match) return undefined;
  const [year, month, day, hour, minute, second = "0", micro = "0"] = match.slice(1);
  const parts = [year, month, day, hour, minute].filter((part) => part !== undefined).map(Number);
  if (Number(second) > 0 || Number(micro) > 0) parts.push(Number(second));
  if (Number(micro) > 0) parts.push(Number(micro));
  const zone = match[8] === undefined ? "" : `, tzinfo=${zoneRepr(match[8], match.slice(9, 12))}`;
  return `datetime.${time.type}(${parts.join(", ")}${zone})`;
}

/** A repr must not fail where the serializer will say what is wrong. */
function safePythonTime(value: object): ReturnType<typeof toPythonTime> {
  try {
    return toPythonTime(value);
  } catch {
    return undefined;
  }
}

/** A timedelta keeps negative offsets as days=-1 and the seconds since. */
function zoneRepr(sign: string, [hours, minutes, seconds = "0"]: readonly (string | undefined)[]): string {
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (total === 0) return "datetime.timezone.utc";
  const delta = sign === "-" ? `days=-1, seconds=${86_400 - total}` : `seconds=${total}`;
  return `datetime.timezone(datetime.timedelta(${delta}))`;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text when the bytes are UTF-8, else hexadecimal; cut in bytes. */
function bytesRepr(bytes: Uint8Array, room: number): string {
  const isCut = room > 0 && bytes.length > room;
  const shown = isCut ? bytes.subarray(0, room) : bytes;
  let text: string;
  try {
    text = strictUtf8.decode(shown);
  } catch {
    text = Buffer.from(shown).toString("hex");
  }
  return `b'${text}${isCut ? "..." : ""}'`;
}

/** celery.utils.text.truncate: cuts at `room` characters, then back to the last space. */
function truncate(text: string, room: number): string {
  // A character is two units at most, so that more of a long text need not be looked at.
  const characters = [...text.slice(0, 2 * Math.max(room, 0))];
  if (room <= 0 || characters.length < room) return text;
  const cut = characters.slice(0, room).join("");
  const space = cut.lastIndexOf(" ");
  return `${space === -1 ? cut : cut.slice(0, space)}...`;
}

const SURROGATE_PAIRS = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Python counts code points. */
function lengthOf(text: string): number {
  return text.length - (text.match(SURROGATE_PAIRS)?.length ?? 0);
}
