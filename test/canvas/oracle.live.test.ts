/**
 * Real Celery composes and applies the same canvases as we do, and must send the same. `CELERITY_SEED=<n>` repeats a run; a
 * failure is shrunk and printed.
 */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toSendOptions } from "../../app/index.ts";
import { type CanvasPlan, planCanvas } from "../../canvas/index.ts";
import {
  isPlainObject,
  type PlainObject,
  parseSignature,
  type Signature,
  toResultTuple,
} from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { pythonEnvironment } from "../helpers/python-environment.ts";
import { PythonLines } from "../helpers/python-lines.ts";
import { compose, type Expression, expressions } from "./expressions.ts";
import { type Stamping, stampAll, stampings } from "./stampings.ts";

const SEED = Number(process.env["CELERITY_SEED"] ?? Date.now() % 2 ** 31);
const file = fileURLToPath(new URL("celery_canvas.py", import.meta.url));

interface Question {
  readonly expression: Expression;
  readonly stamp: readonly Stamping[];
  /** Read from JSON before it is applied, as in a worker. */
  readonly travels: boolean;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

interface Applied {
  readonly error?: string;
  readonly written: unknown;
  readonly sends: readonly unknown[];
  readonly chords: readonly unknown[];
  readonly result: unknown;
}

const questions: fc.Arbitrary<Question> = fc.record({
  expression: expressions,
  stamp: stampings,
  travels: fc.boolean(),
  args: fc.oneof(fc.constant([]), fc.constant([7])),
  options: fc.oneof(
    fc.constant({}),
    fc.constant({
      root_id: "00000000-0000-4000-8000-000000000001",
      parent_id: "00000000-0000-4000-8000-000000000002",
    }),
    fc.constant({ queue: "elsewhere", priority: 3 }),
  ),
});

describe(`Celery's canvas (CELERITY_SEED=${SEED})`, { timeout: 120_000 }, () => {
  test.each([2, 1])(
    "sends what ours sends, and names the results alike, in protocol %i",
    async (protocol) => {
      const env = { ...pythonEnvironment(), TASK_PROTOCOL: String(protocol) };
      const python = new PythonLines({ version: "latest", file, env });
      cleanUp(() => python.close());
      let refused = 0;
      let asked = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(questions, { minLength: 1, maxLength: 25 }), async (batch) => {
          const answers = (await python.call(batch)) as readonly PythonAnswer[];
          for (const [at, question] of batch.entries()) {
            const theirs = read(answers[at] as PythonAnswer);
            asked += 1;
            if (theirs.error !== undefined) {
              refused += 1;
              continue;
            }
            const our = ours(question, protocol);
            expect(lostResults(our), JSON.stringify(question)).toEqual([]);
            const names = lostResults(theirs).length === 0 ? canonical : anonymous;
            expect(names(our), JSON.stringify(question)).toEqual(names(theirs));
          }
        }),
        { seed: SEED, numRuns: Number(process.env["CELERITY_RUNS"] ?? 60) },
      );
      // Celery cannot send some stamps of ours: see stamped().
      expect(refused).toBeLessThan(asked / 3);
    },
  );
});

function ours({ expression, stamp, travels, args, options }: Question, protocol: number): Applied {
  const written = stampAll(compose(expression), stamp);
  const canvas: Signature = travels ? parseSignature(JSON.parse(JSON.stringify(written)), "canvas") : written;
  const plan = planCanvas(
    canvas,
    { args, options: { ...options } },
    { newId: randomUUID, replyTo: REPLY_TO, errbacksOnHeaders: false, usesLinks: protocol === 1 },
  );
  const describeSend = protocol === 1 ? describeV1 : describeV2;
  return { written, ...describePlan(plan, describeSend), result: toResultTuple(plan.result) };
}

const REPLY_TO = randomUUID();

function describePlan(
  { steps }: CanvasPlan,
  describeSend: (send: Signature) => unknown,
): Pick<Applied, "sends" | "chords"> {
  return {
    sends: steps.flatMap((step) => (step.type === "send" ? [describeSend(step.signature)] : [])),
    chords: steps.flatMap((step) =>
      step.type === "chord"
        ? [{ group: step.groupId, size: step.size, header: toResultTuple(step.header), body: step.body }]
        : [],
    ),
  };
}

function describeV2(send: Signature): unknown {
  const { options } = send;
  const { stampedHeaders, stamps } = toSendOptions(send);
  const { args, kwargs, headers, embed } = describeV1(send);
  return {
    args,
    kwargs,
    headers: {
      ...headers,
      root_id: options["root_id"] ?? options["task_id"],
      parent_id: options["parent_id"] ?? null,
      stamped_headers: stampedHeaders ?? null,
      stamps: stamps ?? {},
    },
    embed: { ...embed, chain: options["chain"] ?? null },
  };
}

/** Protocol 1 knows no stamps, no root, and no rest of a chain. */
function describeV1({ task, args, kwargs, options }: Signature) {
  return {
    args,
    kwargs,
    headers: {
      task,
      id: options["task_id"],
      group: options["group_id"] ?? null,
      group_index: options["group_index"] ?? null,
    },
    embed: {
      callbacks: options["link"] ?? null,
      errbacks: options["link_error"] ?? null,
      chord: options["chord"] ?? null,
    },
  };
}

interface PythonAnswer {
  readonly error?: string;
  readonly written: unknown;
  readonly sent: readonly Readonly<Record<string, unknown>>[];
  readonly result: unknown;
}

/** Celery tells the size of a chord when it sends the last of its header. */
function read({ error, written, sent, result }: PythonAnswer): Applied {
  if (error !== undefined) return { error, written, sends: [], chords: [], result };
  const sizes = new Map(sent.filter((one) => "size" in one).map((one) => [one["group"], one["size"]]));
  return {
    written,
    sends: sent.flatMap((one) => ("send" in one ? [one["send"]] : [])),
    chords: sent.flatMap((one) => {
      const chord = one["chord"] as Readonly<Record<string, unknown>> | undefined;
      return chord === undefined ? [] : [{ ...chord, size: sizes.get(chord["group"]) }];
    }),
    result,
  };
}

/** Results of tasks whose ids no message carries: in some nested canvases Celery gives a group's members new ids on the way. */
function lostResults({ result, chords, sends }: Applied): readonly string[] {
  const carried = JSON.stringify(sends);
  const nodes = [result, ...chords.map((chord) => (chord as { readonly header: unknown }).header)];
  return nodes.flatMap(taskIds).filter((id) => !carried.includes(id));
}

function taskIds(tuple: unknown): readonly string[] {
  if (tuple === null || tuple === undefined) return [];
  const [[id, parent], members] = tuple as [[string, unknown], readonly unknown[] | null];
  return [...(members === null ? [id] : members.flatMap(taskIds)), ...taskIds(parent)];
}

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Keys in order, and ids by the order in which they first come. */
function canonical(value: unknown): unknown {
  const names = new Map<string, string>();
  const name = (id: string): string => {
    const known = names.get(id) ?? `id${names.size}`;
    names.set(id, known);
    return known;
  };
  return JSON.parse(JSON.stringify(value, sortKeys).replaceAll(ID, name));
}

/** Without what freezing adds, and without telling ids apart. */
function anonymous(value: unknown): unknown {
  const plain = (key: string, inner: unknown): unknown =>
    FROZEN.has(key) ? undefined : sortKeys(key, inner);
  return JSON.parse(JSON.stringify(value, plain).replaceAll(ID, "id"));
}

const FROZEN: ReadonlySet<string> = new Set(["task_id", "reply_to", "group_index"]);

/** In protocol 1 Celery says of some tasks that nothing follows in a chain. */
function sortKeys(key: string, value: unknown): unknown {
  if (key === "chain" && value === null) return undefined;
  if (!isPlainObject(value)) return value;
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, inner]) => [name, name === "stamped_headers" ? stamped(value) : inner]),
  );
}

/**
 * Names of stamps, in order; Celery has them in any order. It also lists names that a visitor gave to the signature before
 * but not to this one, which Celery's worker then cannot send.
 */
function stamped({ stamped_headers: names, stamps, ...options }: PlainObject): unknown {
  const values = isPlainObject(stamps) ? stamps : options;
  return Array.isArray(names) ? names.filter((name) => name in values).toSorted() : names;
}
