import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type Serializer, yamlSerializer } from "../../codecs/index.ts";
import { argsRepr } from "../../protocol/index.ts";
import { anyText, spell, treeOf } from "../../testing/values.ts";
import { type PythonVersion, python, pythonVersions } from "../helpers/python.ts";
import { plainJson, typedJson } from "./domains.ts";
import { YAML_TEXTS } from "./yaml-texts.ts";

const file = fileURLToPath(new URL("python_codec.py", import.meta.url));

async function ask(
  version: PythonVersion,
  op: string,
  items: readonly unknown[],
  serializer?: Serializer,
): Promise<unknown[]> {
  return (await python({ version, file, input: { op, serializer: serializer?.name, items } })) as unknown[];
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

describe.each(pythonVersions())("Python Celery %s", (version) => {
  const seed = Date.now();
  const sample = (values: fc.Arbitrary<unknown>): unknown[] => fc.sample(values, { numRuns: 400, seed });

  test("takes YAML texts for the same values as PyYAML, where that can read them", async () => {
    const read = await ask(
      version,
      "load",
      YAML_TEXTS.map((text) => base64(Buffer.from(text))),
      yamlSerializer,
    );
    YAML_TEXTS.forEach((text, index) => {
      const theirs = read[index];
      if (READ_OTHERWISE.has(text) || isError(theirs)) return;
      expect(spell(yamlSerializer.deserialize(Buffer.from(text), DEFAULT_LIMITS)), text).toEqual(
        inJavaScript(theirs),
      );
    });
  });

  // Celery 5.2 cuts in another way.
  if (version === "5.2") return;
  test(`shows arguments as we do (seed ${seed})`, async () => {
    // Decimals and numbers print the same; a Set has no order in Python.
    const leaf = fc.oneof(
      ...plainJson,
      ...typedJson,
      fc.lorem({ maxCount: 300 }),
      fc.string({ minLength: 900, maxLength: 1100 }),
    );
    const args = sample(fc.array(treeOf(leaf, anyText), { maxLength: 6 })) as unknown[][];
    const shown = await ask(
      version,
      "repr",
      args.map((list) => spell(list, true)),
    );
    args.forEach((list, index) => {
      expect(argsRepr(list)).toBe(shown[index]);
    });
  });
});

/** kombu never parses an empty body; a lone tag, and a block at the end of a body without its newline, no dumper writes. */
const READ_OTHERWISE: ReadonlySet<string> = new Set(["", "!", "a: |\n  b"]);

function isError(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

/** A float without a fraction is an int to us. */
function inJavaScript(answer: unknown): unknown {
  const isFloat =
    typeof answer === "object" && answer !== null && "float" in answer && answer.float !== "nan";
  return isFloat ? spell(Buffer.from(String(answer.float), "hex").readDoubleBE()) : answer;
}
