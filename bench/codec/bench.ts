/** Operations per second of one core: serializers, compressors and envelopes, on a small and on a 10 kB document. */
import { type Bench, type Metric, nodeProgram, PER_SECOND, pythonProgram, type Run } from "../lib/bench.ts";

const metrics: readonly Metric[] = [PER_SECOND];

/** What the programs are told; each measures every case it knows, in the order of {@link CASES}. */
export interface CodecInput {
  readonly documents: Readonly<Record<string, unknown>>;
  /** Operations a case at most. */
  readonly count: number;
  /** Milliseconds a case at most. */
  readonly maxMs: number;
}

/** A task's body, as nearly all messages have it. */
const small = [[2, 3], {}, { callbacks: null, errbacks: null, chain: null, chord: null }];
/** About 10 kB as JSON: records with text, numbers and nesting. */
const large = Array.from({ length: 75 }, (_, at) => ({
  id: at,
  name: `customer number ${at}`,
  email: `customer-${at}@example.com`,
  score: at * 1.25,
  active: at % 2 === 0,
  tags: ["red", "green"],
}));

export const codecBench: Bench = {
  name: "codec",
  title: "encoding and decoding, operations a second",
  servers: [],
  count: 1_000_000,
  metrics,
  contenders: [
    { name: "Celerity", role: "celerity", program: (run) => nodeProgram("codec/celerity", input(run)) },
    {
      name: "bare JSON, msgpackr, js-yaml, zlib",
      role: "floor",
      program: (run) => nodeProgram("codec/floor", input(run)),
    },
    { name: "kombu", role: "python", program: (run) => pythonProgram("codec/python", input(run)) },
  ],
};

function input({ count }: Run): CodecInput {
  return { documents: { small, "10 kB": large }, count, maxMs: 300 };
}
