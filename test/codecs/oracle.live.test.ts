/**
 * Real Celery judges our serializers on tens of thousands of values. `CELERITY_SEED=<n>` repeats a run; a failure is shrunk
 * and printed with the value, its body and both spellings.
 */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { spell } from "../../testing/values.ts";
import { pythonVersions } from "../helpers/python.ts";
import { type PythonVersion, pythonEnvironment } from "../helpers/python-environment.ts";
import { PythonLines } from "../helpers/python-lines.ts";
import { DOMAINS } from "./domains.ts";

const SEED = Number(process.env["CELERITY_SEED"] ?? Date.now() % 2 ** 31);
/** Values for each serializer and direction. Three directions make more than 20 000 for each serializer. */
const COUNTS: Readonly<Record<PythonVersion, number>> = { latest: 6000, "5.2": 1000 };
/** Values in one question to Python. */
const BATCH = 250;
const SERIALIZERS = ["json", "yaml", "msgpack"];

const file = fileURLToPath(new URL("python_codec.py", import.meta.url));
const codecs = createCodecs();

describe.each(pythonVersions())(`Python Celery %s (CELERITY_SEED=${SEED})`, (version) => {
  const count = COUNTS[version];

  describe.each(SERIALIZERS)("%s", (name) => {
    const serializer = codecs.serializer(name);
    // kombu before 5.3 has no typed values.
    const domain = name === "json" && version === "5.2" ? "json 5.2" : name;
    const values = DOMAINS[domain] ?? fc.constant(null);
    const write = async (value: unknown): Promise<string> =>
      Buffer.from(await serializer.serialize(value)).toString("base64");
    const read = async (body: unknown): Promise<unknown> =>
      await serializer.deserialize(Buffer.from(String(body), "base64"), DEFAULT_LIMITS);

    function startOracle(): (op: string, items: readonly unknown[]) => Promise<unknown[]> {
      const python = new PythonLines({ version, file, env: pythonEnvironment() });
      cleanUp(() => python.close());
      return async (op, items) => (await python.call({ op, serializer: name, domain, items })) as unknown[];
    }

    test("reads what we write", async () => {
      const ask = startOracle();
      await judge(values, count, async (batch) => {
        const bodies = await Promise.all(batch.map(write));
        const theirs = await ask("load", bodies);
        return batch.map((value, index) => ({
          ours: spell(value),
          theirs: theirs[index],
          body: bodies[index],
        }));
      });
    });

    test("writes what we read", async () => {
      const ask = startOracle();
      await judge(values, count, async (batch) => {
        const bodies = await ask(
          "dump",
          batch.map((value) => spell(value)),
        );
        const ours = await Promise.all(bodies.map(read));
        return batch.map((value, index) => ({
          ours: spell(ours[index]),
          theirs: spell(value),
          body: bodies[index],
        }));
      });
    });

    test("gets its own values back from us", async () => {
      const ask = startOracle();
      await judge(fc.nat(), count, async (batch) => {
        const generated = (await ask("generate", batch)) as [body: string, value: unknown][];
        const rewritten = await Promise.all(generated.map(async ([body]) => await write(await read(body))));
        const back = await ask("load", rewritten);
        return generated.map(([body, value], index) => ({
          ours: back[index],
          theirs: inJavaScript(value),
          body,
        }));
      });
    });
  });
});

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
  } catch {
    const one = fc.asyncProperty(values, async (value) => {
      for (const verdict of await compare([value])) expectSame(verdict);
    });
    await fc.assert(one, { numRuns, seed: SEED });
    throw new Error("A batch differs though each of its values is the same alone.");
  }
}

function expectSame({ ours, theirs, body }: Verdict): void {
  expect(ours, `body ${String(body)}`).toEqual(theirs);
}

/** Without exactFloats a float without a fraction is read as an integer. */
function inJavaScript(spelled: unknown): unknown {
  if (Array.isArray(spelled)) return spelled.map(inJavaScript);
  if (typeof spelled !== "object" || spelled === null) return spelled;
  const { float, map } = spelled as { readonly float?: string; readonly map?: readonly [string, unknown][] };
  if (map !== undefined) return { map: map.map(([key, value]) => [key, inJavaScript(value)]) };
  if (float === undefined || float === "nan") return spelled;
  return spell(Buffer.from(float, "hex").readDoubleBE());
}
