import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_LIMITS,
  jsonSerializer,
  msgpackSerializer,
  type Serializer,
  yamlSerializer,
} from "../../codecs/index.ts";
import { argsRepr } from "../../protocol/index.ts";
import {
  anyBytes,
  anyDate,
  anyDecimal,
  anyNumber,
  anyText,
  anyTime,
  anyUuid,
  awareDateTime,
  naiveDateTime,
  spell,
  treeOf,
  wellFormedText,
  wideInteger,
} from "../../testing/values.ts";
import { type PythonVersion, python, pythonVersions } from "../helpers/python.ts";
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
const fromBase64 = (text: unknown): Buffer => Buffer.from(String(text), "base64");

const plain = [fc.constant(null), fc.boolean(), anyNumber];
const json = [...plain, anyText, wideInteger(-(10n ** 400n), 10n ** 400n)];
const typed = [anyBytes, anyDate, anyTime, naiveDateTime, awareDateTime, anyDecimal, anyUuid];
const yamlText = fc.oneof(anyText, fc.constantFrom(...YAML_TEXTS));
const yamlItem = fc.oneof(...plain, yamlText, wideInteger(-(2n ** 80n), 2n ** 80n));
const yaml = [
  yamlItem,
  anyBytes,
  anyDate,
  naiveDateTime,
  awareDateTime,
  // Python takes True, 1 and 1.0 for the same.
  fc
    .uniqueArray(fc.oneof(wellFormedText, fc.constantFrom(...YAML_TEXTS), fc.integer({ min: 2 })))
    .map((items) => new Set(items)),
];
// PyYAML gives up on longer keys unless they are marked: the border must be right.
const yamlKey = fc.oneof(yamlText, fc.string({ minLength: 1000, maxLength: 1050 }));
const noNegativeZero = anyNumber.filter((value) => !Object.is(value, -0));
const msgpack = [
  fc.constant(null),
  fc.boolean(),
  noNegativeZero,
  wellFormedText,
  anyBytes,
  wideInteger(-(2n ** 63n), 2n ** 64n - 1n),
];

const domains: readonly (readonly [Serializer, fc.Arbitrary<unknown>])[] = [
  [msgpackSerializer, treeOf(fc.oneof(...msgpack), wellFormedText)],
  [yamlSerializer, treeOf(fc.oneof(...yaml), yamlKey)],
];
const domainsOf = (version: PythonVersion): typeof domains => [
  // kombu before 5.3 has no typed values.
  [jsonSerializer, treeOf(fc.oneof(...json, ...(version === "latest" ? typed : [])), anyText)],
  ...domains,
];

describe.each(pythonVersions())("Python Celery %s", (version) => {
  const seed = Date.now();
  const sample = (values: fc.Arbitrary<unknown>): unknown[] => fc.sample(values, { numRuns: 400, seed });

  describe.each(
    domainsOf(version).map(([serializer, values]) => ({ name: serializer.name, serializer, values })),
  )("$name", ({ serializer, values }) => {
    test(`reads what we write (seed ${seed})`, async () => {
      const written = sample(values);
      const bodies = await Promise.all(
        written.map(async (value) => base64(await serializer.serialize(value))),
      );
      const read = await ask(version, "load", bodies, serializer);
      written.forEach((value, index) => {
        expect(read[index], `body ${bodies[index]}`).toEqual(spell(value));
      });
    });

    test(`writes what we read (seed ${seed})`, async () => {
      const written = sample(values);
      const bodies = await ask(
        version,
        "dump",
        written.map((value) => spell(value)),
        serializer,
      );
      written.forEach((value, index) => {
        const read = serializer.deserialize(fromBase64(bodies[index]), DEFAULT_LIMITS);
        expect(spell(read), `body ${bodies[index]}`).toEqual(spell(value));
      });
    });
  });

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
      ...json,
      ...typed,
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
