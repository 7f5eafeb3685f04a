/** What the formats of node:zlib have in common: small bodies at once, large ones off the event loop. */
import { toError } from "../../protocol/errors.ts";
import { andThen, mapError } from "../awaitable.ts";
import { tooLarge } from "../limits.ts";
import type { Awaitable } from "../serializer.ts";
import { corrupt, trailing } from "./errors.ts";

/**
 * Largest input, in bytes, that is worked on at once. Made to be slow, so much takes 20 ms, and 16 MiB would take seconds:
 * larger input goes to Node's thread pool.
 */
const MAX_AT_ONCE: number = 64 * 1024;

/** Bytes of each piece of output in the thread pool. */
const CHUNK_SIZE = 256 * 1024;

/** The options of node:zlib that are used here. With `info`, the result tells how much of the input it took. */
export interface NodeOptions {
  readonly params?: Readonly<Record<number, number>>;
  readonly chunkSize?: number;
  readonly maxOutputLength?: number;
  /** For zstd: bytes of the input. */
  readonly pledgedSrcSize?: number;
  readonly info?: boolean;
}

/** A pair of functions of node:zlib, such as inflateSync and inflate. */
export interface NodeFunctions {
  readonly format: string;
  now(bytes: Uint8Array, options: NodeOptions): unknown;
  later(bytes: Uint8Array, options: NodeOptions, done: (error: Error | null, result: unknown) => void): void;
}

/** Node's types leave this out. */
interface WithInfo {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

export function compressWith(
  functions: NodeFunctions,
  bytes: Uint8Array,
  options: NodeOptions = {},
): Awaitable<Uint8Array> {
  if (bytes.byteLength <= MAX_AT_ONCE) return functions.now(bytes, options) as Uint8Array;
  return later<Uint8Array>(functions, bytes, options);
}

/** Throws DecodeError `too_large` or `bad_compression`, which it also is when bytes follow the stream. */
export function decompressWith(
  functions: NodeFunctions,
  bytes: Uint8Array,
  maxBytes: number,
): Awaitable<Uint8Array> {
  const options = { maxOutputLength: maxBytes, info: true };
  const whole = ({ buffer, engine }: WithInfo): Uint8Array => {
    if (engine.bytesWritten < bytes.byteLength) throw trailing(functions.format);
    return buffer;
  };
  const toDecodeError = (error: unknown): unknown => {
    const { code, message } = toError(error) as NodeJS.ErrnoException;
    return code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes) : corrupt(functions.format, message);
  };
  const inflated = mapError<WithInfo>(
    () =>
      bytes.byteLength <= MAX_AT_ONCE
        ? (functions.now(bytes, options) as WithInfo)
        : later<WithInfo>(functions, bytes, options),
    toDecodeError,
  );
  return andThen(inflated, whole);
}

function later<Result>(functions: NodeFunctions, bytes: Uint8Array, options: NodeOptions): Promise<Result> {
  return new Promise((resolve, reject) => {
    functions.later(bytes, { ...options, chunkSize: CHUNK_SIZE }, (error, result) => {
      if (error === null) resolve(result as Result);
      else reject(error);
    });
  });
}
