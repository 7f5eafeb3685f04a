/** Real Python reads what we write, and we read what it writes. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPickleSerializer, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { anyExactPickleValue, spell } from "../../testing/values.ts";
import { python, pythonVersions } from "../helpers/python.ts";
import { pythonEnvironment } from "../helpers/python-environment.ts";
import { PythonLines } from "../helpers/python-lines.ts";
import { PICKLED } from "./pickle-values.ts";

const SEED = Number(process.env["CELERITY_SEED"] ?? Date.now() % 2 ** 31);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const serializer = createPickleSerializer({ exactFloats: true, allow: ["vector_app.Boom"] });
const toBase64 = (value: unknown): string => Buffer.from(serializer.serialize(value)).toString("base64");
const read = (body: unknown): unknown =>
  serializer.deserialize(Buffer.from(String(body), "base64"), DEFAULT_LIMITS);

/** What Python has as classes of its own, and we as plain data or by another name. */
const NOT_THE_SAME = [
  // The name of an offset is not kept.
  "datetime with an offset",
  // A failure of any class is written in Celery's wrapper.
  "a failure of the application",
];

describe.each(pythonVersions())(`Python Celery %s (CELERITY_SEED=${SEED})`, (version) => {
  test("reads what we write", async () => {
    const values = Object.entries(PICKLED).filter(
      ([name]) => !NOT_THE_SAME.includes(name) && !/^(signature|group|chain|chord|result|task)/.test(name),
    );
    const pickles = Object.fromEntries(values.map(([name, value]) => [name, toBase64(value)]));
    const verdicts = await python({ version, file: here("python_pickle.py"), input: { pickles } });
    expect(verdicts).toEqual(Object.fromEntries(values.map(([name]) => [name, null])));
  });

  test("agrees on generated values", async () => {
    const lines = new PythonLines({ version, file: here("python_codec.py"), env: pythonEnvironment() });
    cleanUp(() => lines.close());
    const ask = async (op: string, items: readonly unknown[]): Promise<unknown[]> =>
      (await lines.call({ op, serializer: "pickle", items })) as unknown[];
    const values = fc.sample(anyExactPickleValue, { numRuns: 1000, seed: SEED });
    const bodies = values.map(toBase64);
    const theirs = await ask("load", bodies);
    const dumped = await ask(
      "dump",
      values.map((value) => spell(value)),
    );
    values.forEach((value, index) => {
      expect(theirs[index], `body ${bodies[index]}`).toEqual(spell(value));
      expect(spell(read(dumped[index])), `body ${String(dumped[index])}`).toEqual(spell(value));
    });
  });
});
