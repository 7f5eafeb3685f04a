/** How fast values become bytes and back, on one core. A contender measures every case it knows. */
import {
  type Bench,
  type Contender,
  type Metric,
  nodeProgram,
  PER_SECOND,
  type Program,
  pythonProgram,
  type Role,
  type Run,
} from "../lib/bench.ts";
import { writeDocuments } from "./documents.ts";
import { writeKeys } from "./keys.ts";
import type { Bounds } from "./measure.ts";

/** What the programs are told. */
export interface CodecsInput extends Bounds {
  /** What {@link writeDocuments} and {@link writeKeys} wrote is there. */
  readonly folder: string;
}

/** Others on the machine take wall-clock time, but hardly CPU time. */
const PER_CPU_SECOND: Metric = { ...PER_SECOND, key: "perCpuSecond", heading: "per CPU second" };

const common = { servers: [], count: 1_000_000, metrics: [PER_CPU_SECOND, PER_SECOND] } as const;

export const serializersBench: Bench = {
  ...common,
  name: "codecs-serializers",
  title: "encoding and decoding, operations a second",
  contenders: [
    contender("Celerity", "celerity", nodeProgram, "serializers"),
    contender("bare JSON, msgpackr, js-yaml", "floor", nodeProgram, "serializers-floor"),
    contender("kombu", "python", pythonProgram, "serializers"),
  ],
};

export const compressorsBench: Bench = {
  ...common,
  name: "codecs-compressors",
  title: "compressing and decompressing, operations a second",
  contenders: [
    contender("Celerity", "celerity", nodeProgram, "compressors"),
    contender("bare node:zlib", "floor", nodeProgram, "compressors-floor"),
    contender("kombu", "python", pythonProgram, "compressors"),
  ],
};

export const signingBench: Bench = {
  ...common,
  name: "codecs-signing",
  title: "signing and verifying, operations a second",
  contenders: [
    contender("Celerity", "celerity", nodeProgram, "signing"),
    contender("bare node:crypto", "floor", nodeProgram, "signing-floor"),
    contender("tweetnacl", "floor", nodeProgram, "signing-tweetnacl"),
    contender("Celery, cryptography, hmac", "python", pythonProgram, "signing"),
  ],
};

function contender(
  name: string,
  role: Role,
  program: (file: string, input: object) => Program,
  file: string,
): Contender {
  return {
    name,
    role,
    async prepare({ folder }) {
      await writeDocuments(folder);
      if (file.startsWith("signing")) await writeKeys(folder);
    },
    program: (run) => program(`codecs/${file}`, inputOf(run)),
  };
}

function inputOf({ count, folder }: Run): CodecsInput {
  return { count, maxMs: 300, folder };
}
