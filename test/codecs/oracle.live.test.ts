/**
 * Real Celery judges our serializers on tens of thousands of values. `CELERITY_SEED=<n>` repeats a run; a failure is shrunk
 * and printed with the value, its body and both spellings.
 */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCodecs, DEFAULT_LIMITS, type Serializer } from "../../codecs/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { spell } from "../../testing/values.ts";
import { pythonVersions } from "../helpers/python.ts";
import { type PythonVersion, pythonEnvironment } from "../helpers/python-environment.ts";
import { PythonLines } from "../helpers/python-lines.ts";
import { DOMAINS } from "./domains.ts";

const SEED = Number(process.env["CELERITY_SEED"] ?? Date.now() % 2 ** 31);
/** Values for each serializer, by test: 20 000 in all. PyYAML takes its time to read, so that most are written by Python. */
const COUNTS = { read: 5000, written: 6000, own: 3000 } as const;
/** The part of them that a version gets. */
const SHARE: Readonly<Record<PythonVersion, number>> = { latest: 1, "5.2": 0.1 };
/** Values in one question to Python. */
const BATCH = 250;

const file = fileURLToPath(new URL("python_codec.py", import.meta.url));
const plain = createCodecs();
const exact = createCodecs({ exactFloats: true });

// On a busy machine PyYAML takes half a minute for its part.
describe.each(pythonVersions())(
  `Python Celery %s (CELERITY_SEED=${SEED})`,
  { timeout: 180_000 },
  (version) => {
    const share = SHARE[version];

    describe.each(["json", "yaml", "msgpack", "pickle"] as const)("%s", (name) => {
      // kombu before 5.3 has no typed values.
      const domain = name === "json" && version === "5.2" ? "json 5.2" : name;
      const [plainly, exactly] = [plain.serializer(name), exact.serializer(name)];

      function startOracle(): (op: string, items: readonly unknown[]) => Promise<unknown[]> {
        const python = new PythonLines({ version, file, env: pythonEnvironment() });
        cleanUp(() => python.close());
        return async (op, items) => (await python.call({ op, serializer: name, domain, items })) as unknown[];
      }

      test("reads what we write", async () => {
        const ask = startOracle();
        await judge(DOMAINS[domain].exact, COUNTS.read * share, async (batch) => {
          const bodies = await Promise.all(batch.map((value) => write(plainly, value)));
          const theirs = await ask("load", bodies);
          return batch.map((value, index) => ({
            ours: spell(value),
            theirs: theirs[index],
            body: bodies[index],
          }));
        });
      });

      test.each([
        ["plain numbers", plainly, DOMAINS[domain].plain],
        ["exact floats", exactly, DOMAINS[domain].exact],
      ])("writes what we read, with %s", async (_, serializer, values) => {
        const ask = startOracle();
        await judge(values, COUNTS.written * share, async (batch) => {
          const bodies = await ask("dump", batch.map(spellOne));
          const ours = await Promise.all(bodies.map((body) => read(serializer, body)));
          return batch.map((value, index) => ({
            ours: spell(ours[index]),
            theirs: spell(value),
            body: bodies[index],
          }));
        });
      });

      test("gets values of its own back from us, with exact floats", async () => {
        const ask = startOracle();
        await judge(fc.nat(), COUNTS.own * share, async (batch) => {
          const generated = (await ask("generate", batch)) as [body: string, value: unknown][];
          const rewritten = generated.map(async ([body]) => await write(exactly, await read(exactly, body)));
          const back = await ask("load", await Promise.all(rewritten));
          return generated.map(([body, value], index) => ({ ours: back[index], theirs: value, body }));
        });
      });
    });
  },
);

async function write(serializer: Serializer, value: unknown): Promise<string> {
  return Buffer.from(await serializer.serialize(value)).toString("base64");
}

async function read(serializer: Serializer, body: unknown): Promise<unknown> {
  return await serializer.deserialize(Buffer.from(String(body), "base64"), DEFAULT_LIMITS);
}

const spellOne = (value: unknown): unknown => spell(value);

interface Verdict {
  readonly ours: unknown;
  readonly theirs: unknown;
  readonly body: unknown;
}

/** Compares many values in batches, and when one differs, again one by one to shrink it. */
async function judge<T>(
  values: fc.Arbitrary<T>,
  numRuns: number,
  compare: (batch: readonly T[]) => Promise<Verdict[]>,
): Promise<void> {
  const all = fc.sample(values, { numRuns, seed: SEED });
  try {
    for (let start = 0; start < all.length; start += BATCH) {
      for (const verdict of await compare(all.slice(start, start + BATCH))) expectSame(verdict);
    }
  } catch (error) {
    const one = fc.asyncProperty(values, async (value) => {
      for (const verdict of await compare([value])) expectSame(verdict);
    });
    await fc.assert(one, { numRuns, seed: SEED });
    // Each value is right alone.
    throw error;
  }
}

function expectSame({ ours, theirs, body }: Verdict): void {
  expect(ours, `body ${String(body)}`).toEqual(theirs);
}
