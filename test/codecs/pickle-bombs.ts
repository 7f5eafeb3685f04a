/** Pickles that are small and would become large, or that would take long. */
import { named, type Part, pickle, START, text, uint32 } from "./pickle-assembly.ts";

const ERROR = named("builtins.ValueError");

/** Level after level of two of what stands in the memo: 2^levels values, once they are written out. */
function doubled(levels: number, make: (level: number) => Part): Part {
  return Array.from({ length: levels }, (_, level) => ["0", make(level), "q", level + 1]);
}

const pairs = (levels: number): Part => [
  "K\x01q\0",
  doubled(levels, (level) => ["h", level, "h", level, "\x86"]),
];
const lists = (levels: number): Part => [
  "K\x01q\0",
  doubled(levels, (level) => ["](h", level, "h", level, "e"]),
];

function repeated(count: number, part: Part): Part {
  const bytes = pickle(part);
  return Buffer.alloc(count * bytes.length, bytes);
}

/** With the code of the error; undefined for what is harmless. */
const PARTS: Readonly<Record<string, readonly [code: string | undefined, ...parts: Part[]]>> = {
  "pairs of pairs, 18 levels": [undefined, pairs(18), "."],
  "pairs of pairs, 30 levels": ["too_large", pairs(30), "."],
  "pairs of pairs, 150 levels": ["too_large", pairs(150), "."],
  "pairs of pairs, 250 levels": ["too_deep", pairs(250), "."],
  "lists of lists, 60 levels": ["too_large", lists(60), "."],
  "a key of pairs, 60 levels": ["too_large", "}", pairs(60), "Ns."],
  "items of sets, 60 levels": [
    "too_large",
    START,
    "K\x01q\0",
    doubled(60, (level) => ["(h", level, "h", level, "\x86\x91"]),
    ".",
  ],
  "exceptions, 60 levels": [
    "too_large",
    "K\x01q\0",
    doubled(60, (level) => [ERROR, "h", level, "h", level, "\x86R"]),
    ".",
  ],
  "a string of 100 kB, 2^18 times": [
    undefined,
    "X",
    uint32(100_000),
    "x".repeat(100_000),
    "q\0",
    doubled(18, (level) => ["h", level, "h", level, "\x86"]),
    ".",
  ],
  "900 000 lists in each other": ["too_deep", repeated(900_000, "]"), repeated(899_999, "a"), "."],
  "10^6 lists in each other": ["too_deep", repeated(1_000_000, "]"), repeated(999_999, "a"), "."],
  "2 * 10^6 lists in each other": ["too_large", repeated(2_000_000, "]"), "."],
  "10^6 tuples in each other": ["too_deep", "N", repeated(1_000_000, "\x85"), "."],
  "10^6 marks": ["bad_body", repeated(1_000_000, "("), "."],
  "50 000 dicts in each other": ["too_deep", repeated(50_000, "}N"), "N", repeated(50_000, "s"), "."],
  "50 000 calls in each other": ["too_deep", "N", repeated(50_000, ["q\0", "0", ERROR, "h\0\x85R"]), "."],
  "50 000 states in each other": ["too_deep", repeated(50_000, [ERROR, ")R"]), repeated(49_999, "b"), "."],
  "50 000 zones in each other": [
    "too_deep",
    "N",
    repeated(50_000, ["q\0", "0", named("datetime.timezone"), "h\0\x85R"]),
    ".",
  ],
  "lists that grow in each other afterwards": ["too_deep", growing(2_000), "."],
  "3 * 10^6 places in the memo": ["too_large", "N", repeated(3_000_000, "\x94"), "."],
  "the last place in the memo": [undefined, "Nr\xff\xff\xff\xffj\xff\xff\xff\xff", "\x86."],
  "900 000 empty lists": [undefined, "](", repeated(900_000, "]"), "e."],
  "10^6 values": ["too_large", "](", repeated(1_000_000, "N"), "e."],
  "one value 10^6 times": ["too_large", "](K\x01q\0", repeated(1_000_000, "h\0"), "e."],
  "one value taken 10^6 times and dropped": ["too_large", "K\x01q\0", repeated(1_000_000, ["h\0", "0"]), "."],
  "a line without end": ["bad_body", "V", "x".repeat(1_000_000)],
  "10^6 backslashes": [undefined, "S'", "\\".repeat(1_000_000), "'\n."],
  "10^6 escapes": [undefined, "V", "\\u0041".repeat(170_000), "\n."],
  "10^6 digits of a float": ["bad_body", "F", "1".repeat(1_000_000), "x\n."],
  "10^6 digits of a Decimal": [
    "bad_body",
    named("decimal.Decimal"),
    "X",
    uint32(1_000_000),
    "1".repeat(999_999),
    "x\x85R.",
  ],
  "300 000 halves of surrogate pairs": [undefined, "X", uint32(900_000), "\xed\xa0\x80".repeat(300_000), "."],
  "10^6 bytes that begin a half": ["bad_body", "X", uint32(1_000_000), "\xed".repeat(1_000_000), "."],
  "100 000 keys that are the same": [undefined, "}(", repeated(100_000, [text("k"), "N"]), "u."],
  "50 000 names": ["pickle_refused", Array.from({ length: 50_000 }, (_, index) => `ca\nb${index}\n0`), "N."],
};

/** Empty lists in the memo, each of which gets the next one: nothing is deep yet when it is put somewhere. */
function growing(count: number): Part {
  const places = Array.from({ length: count }, (_, index) => uint32(index));
  const fill = places.slice(1).map((place, index) => ["j", places[index] ?? "", "j", place, "a0"]);
  return [places.map((place) => ["]r", place, "0"]), fill, "j", uint32(0)];
}

export const BOMBS: Readonly<Record<string, { readonly code: string | undefined; readonly body: Buffer }>> =
  Object.fromEntries(
    Object.entries(PARTS).map(([name, [code, ...parts]]) => [name, { code, body: pickle(parts) }]),
  );
