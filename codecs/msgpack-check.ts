/**
 * Checks msgpack before it is read, without building anything. msgpackr is made for messages of its own: on others it runs
 * extensions (records, regular expressions, structured clones), allocates what lengths claim and repairs broken strings.
 * What passes here holds nothing that could reach those. Source: the msgpack specification and msgpack-python's unpackb.
 */
import { isUtf8 } from "node:buffer";
import { DecodeError } from "../protocol/errors.ts";
import { tooDeep } from "../protocol/json-parser.ts";

/** What a plain reading would get wrong, so that the careful one is needed. */
export interface MsgpackFacts {
  /** 64-bit integers, or a key `__proto__`. */
  readonly isDelicate: boolean;
}

type Kind = "value" | "wide" | "text" | "bytes" | "array" | "map";

/** Bytes of a length, or of a value, after each type byte from 0xc0; gaps are 0xc1 and the extension types. */
const TYPES: ReadonlyMap<number, readonly [Kind, number]> = new Map([
  [0xc0, ["value", 0]], // nil
  [0xc2, ["value", 0]], // false
  [0xc3, ["value", 0]], // true
  [0xc4, ["bytes", 1]],
  [0xc5, ["bytes", 2]],
  [0xc6, ["bytes", 4]],
  [0xca, ["value", 4]], // float32
  [0xcb, ["value", 8]], // float64
  [0xcc, ["value", 1]], // uint8
  [0xcd, ["value", 2]],
  [0xce, ["value", 4]],
  [0xcf, ["wide", 8]], // uint64
  [0xd0, ["value", 1]], // int8
  [0xd1, ["value", 2]],
  [0xd2, ["value", 4]],
  [0xd3, ["wide", 8]], // int64
  [0xd9, ["text", 1]],
  [0xda, ["text", 2]],
  [0xdb, ["text", 4]],
  [0xdc, ["array", 2]],
  [0xdd, ["array", 4]],
  [0xde, ["map", 2]],
  [0xdf, ["map", 4]],
]);

interface Scan {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly maxDepth: number;
  /** Values still to come in each open array or map; a map's keys count too. */
  readonly left: number[];
  /** For each of them, whether it is a map. */
  readonly isMap: boolean[];
  at: number;
  isDelicate: boolean;
}

const PROTO = Buffer.from("__proto__");

/** Throws DecodeError `bad_body` or `too_deep` unless the bytes are exactly one value that Python could have written. */
export function checkMsgpack(bytes: Uint8Array, maxDepth: number): MsgpackFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scan: Scan = { bytes, view, maxDepth, left: [], isMap: [], at: 0, isDelicate: false };
  do readNext(scan);
  while (scan.left.length > 0);
  if (scan.at < bytes.length) throw bad("there are bytes after the value");
  return { isDelicate: scan.isDelicate };
}

function readNext(scan: Scan): void {
  const [kind, size] = readHead(scan);
  const open = scan.left.length - 1;
  const left = scan.left[open];
  if (left !== undefined) {
    if (scan.isMap[open] && left % 2 === 0) requireKey(scan, kind, size);
    scan.left[open] = left - 1;
  }
  if (kind === "array") enter(scan, size, false);
  else if (kind === "map") enter(scan, size * 2, true);
  else skip(scan, kind, size);
  while (scan.left.at(-1) === 0) {
    scan.left.pop();
    scan.isMap.pop();
  }
}

/** The kind of the next value, and its bytes (its items in arrays, its pairs in maps). */
function readHead(scan: Scan): readonly [Kind, number] {
  const type = scan.bytes[scan.at++];
  if (type === undefined) throw truncated();
  if (type < 0x80 || type >= 0xe0) return ["value", 0];
  if (type < 0x90) return ["map", type & 0x0f];
  if (type < 0xa0) return ["array", type & 0x0f];
  if (type < 0xc0) return ["text", type & 0x1f];
  const entry = TYPES.get(type);
  if (entry === undefined) throw bad(`type byte 0x${type.toString(16)} is an extension or unassigned`);
  const [kind, size] = entry;
  if (kind === "value" || kind === "wide") return entry;
  if (scan.at + size > scan.bytes.length) throw truncated();
  const length =
    size === 1
      ? scan.view.getUint8(scan.at)
      : size === 2
        ? scan.view.getUint16(scan.at)
        : scan.view.getUint32(scan.at);
  scan.at += size;
  return [kind, length];
}

function requireKey(scan: Scan, kind: Kind, size: number): void {
  if (kind !== "text") throw bad("a key of a map is not a string");
  const isProto = size === PROTO.length && PROTO.equals(scan.bytes.subarray(scan.at, scan.at + PROTO.length));
  if (isProto) scan.isDelicate = true;
}

function enter(scan: Scan, values: number, isMap: boolean): void {
  if (scan.left.length >= scan.maxDepth) throw tooDeep(scan.maxDepth);
  // Every value takes a byte at least.
  if (values > scan.bytes.length - scan.at) throw truncated();
  scan.left.push(values);
  scan.isMap.push(isMap);
}

function skip(scan: Scan, kind: Kind, size: number): void {
  const end = scan.at + size;
  if (end > scan.bytes.length) throw truncated();
  if (kind === "wide") scan.isDelicate = true;
  if (kind === "text" && !isUtf8(scan.bytes.subarray(scan.at, end))) throw bad("a string is not UTF-8");
  scan.at = end;
}

function truncated(): DecodeError {
  return bad("it ends early, or a length claims more bytes than there are");
}

function bad(problem: string): DecodeError {
  return new DecodeError("bad_body", `The body is not msgpack that Python would write: ${problem}.`);
}
