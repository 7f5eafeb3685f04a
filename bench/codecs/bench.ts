/** How fast values become bytes and back, on one core. A contender measures every case it knows. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Bench,
  type Contender,
  type Metric,
  nodeProgram,
  PER_SECOND,
  pythonProgram,
  type Run,
} from "../lib/bench.ts";
import { DOCUMENTS } from "./documents.ts";
import type { Bounds } from "./measure.ts";

/** What the programs are told. */
export interface CodecsInput extends Bounds {
  /** A JSON file with the documents by their names. */
  readonly documentsFile: string;
}

/** Others on the machine take wall-clock time, but hardly CPU time. */
const PER_CPU_SECOND: Metric = { ...PER_SECOND, key: "perCpuSecond", heading: "per CPU second" };

/** What the programs of a bench are called: `<name>`, `<name>-floor` and `<name>.py`. */
function contenders(name: string, floor: string, python: string): readonly Contender[] {
  const program = (file: string): Pick<Contender, "prepare" | "program"> => ({
    prepare: writeDocuments,
    program: (run) => nodeProgram(`codecs/${file}`, inputOf(run)),
  });
  return [
    { name: "Celerity", role: "celerity", ...program(name) },
    { name: floor, role: "floor", ...program(`${name}-floor`) },
    {
      name: python,
      role: "python",
      prepare: writeDocuments,
      program: (run) => pythonProgram(`codecs/${name}`, inputOf(run)),
    },
  ];
}

function writeDocuments(run: Run): Promise<void> {
  return writeFile(inputOf(run).documentsFile, JSON.stringify(DOCUMENTS));
}

function inputOf({ count, folder }: Run): CodecsInput {
  return { count, maxMs: 300, documentsFile: join(folder, "documents.json") };
}

const common = { servers: [], count: 1_000_000, metrics: [PER_CPU_SECOND, PER_SECOND] } as const;

export const serializersBench: Bench = {
  ...common,
  name: "codecs-serializers",
  title: "encoding and decoding, operations a second",
  contenders: contenders("serializers", "bare JSON, msgpackr, js-yaml", "kombu"),
};

export const compressorsBench: Bench = {
  ...common,
  name: "codecs-compressors",
  title: "compressing and decompressing, operations a second",
  contenders: contenders("compressors", "bare node:zlib", "kombu"),
};

export const signingBench: Bench = {
  ...common,
  name: "codecs-signing",
  title: "signing and verifying, operations a second",
  contenders: contenders("signing", "bare node:crypto", "Celery, cryptography, hmac"),
};
