/** Makes new inputs: from known ones by a few random changes, or from words and random bytes alone. */
import type { Random } from "./random.ts";

/** Longest input made. Larger ones find little more, and take long. */
const MAX_BYTES = 64 * 1024;
const MAX_CHANGES = 6;
const MAX_REPEATS = 3000;
/** Repeats beyond which an input is long, which it seldom is: long ones take long. */
const FEW_REPEATS = 20;
/** Numbers at the borders of the integer types. */
const BORDERS = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** What inputs are made from. */
export interface Material {
  /** Inputs worth changing; never empty. */
  readonly corpus: readonly Uint8Array[];
  /** Pieces that mean something to the decoder. */
  readonly words: readonly Uint8Array[];
}

/** An empty corpus gets one input of one byte. */
export function materialOf(
  corpus: readonly Uint8Array[],
  words: readonly (string | Uint8Array)[] = [],
): Material {
  return {
    corpus: corpus.length > 0 ? corpus : [Buffer.of(0)],
    words: words.map((word) => Buffer.from(word)),
  };
}

type Change = (random: Random, bytes: Buffer, material: Material) => Buffer;

/** A new input. */
export function makeInput(random: Random, material: Material): Uint8Array {
  if (random.below(20) === 0) return generate(random, material);
  let bytes: Buffer = Buffer.from(random.pick(material.corpus));
  for (let changes = 1 + random.below(MAX_CHANGES); changes > 0; changes--)
    bytes = random.pick(CHANGES)(random, bytes, material);
  return bytes.subarray(0, MAX_BYTES);
}

function generate(random: Random, { words }: Material): Buffer {
  const parts = Array.from({ length: random.below(40) }, () =>
    words.length > 0 && random.below(3) > 0 ? random.pick(words) : randomBytes(random, 1 + random.below(8)),
  );
  return Buffer.concat(parts);
}

const CHANGES: readonly Change[] = [
  flipBit,
  setByte,
  setNumber,
  insert,
  remove,
  duplicate,
  repeat,
  splice,
  setWord,
  setWord,
];

function flipBit(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}

function setByte(random: Random, bytes: Buffer): Buffer {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

function setNumber(random: Random, bytes: Buffer): Buffer {
  const size = random.pick([1, 2, 4]);
  if (bytes.length < size) return bytes;
  const value = random.pick(BORDERS) % 2 ** (8 * size);
  const at = random.below(bytes.length - size + 1);
  if (random.below(2) === 0) bytes.writeUIntBE(value, at, size);
  else bytes.writeUIntLE(value, at, size);
  return bytes;
}

function insert(random: Random, bytes: Buffer): Buffer {
  return insertAt(bytes, random.below(bytes.length + 1), randomBytes(random, 1 + random.below(8)));
}

function setWord(random: Random, bytes: Buffer, { words }: Material): Buffer {
  if (words.length === 0) return insert(random, bytes);
  const word = random.pick(words);
  const at = random.below(bytes.length + 1);
  if (random.below(2) === 0) return insertAt(bytes, at, word);
  return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + word.length)]);
}

function remove(random: Random, bytes: Buffer): Buffer {
  const [start, end] = range(random, bytes);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function duplicate(random: Random, bytes: Buffer): Buffer {
  const [start, end] = range(random, bytes);
  return insertAt(bytes, random.below(bytes.length + 1), bytes.subarray(start, end));
}

/** A short piece many times in a row: nesting, long numbers, long lists. */
function repeat(random: Random, bytes: Buffer, { words }: Material): Buffer {
  if (bytes.length === 0) return bytes;
  const start = random.below(bytes.length);
  const piece =
    words.length > 0 && random.below(2) === 0
      ? Buffer.from(random.pick(words))
      : bytes.subarray(start, start + 1 + random.below(4));
  const most = random.below(10) === 0 ? MAX_REPEATS : FEW_REPEATS;
  return insertAt(bytes, start, Buffer.alloc(Math.min(random.below(most) * piece.length, MAX_BYTES), piece));
}

function splice(random: Random, bytes: Buffer, { corpus }: Material): Buffer {
  const other = Buffer.from(random.pick(corpus));
  return Buffer.concat([
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
}

function insertAt(bytes: Buffer, at: number, piece: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function range(random: Random, bytes: Buffer): readonly [start: number, end: number] {
  const start = random.below(bytes.length + 1);
  return [start, start + random.below(Math.min(bytes.length - start, 256) + 1)];
}

function randomBytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}
