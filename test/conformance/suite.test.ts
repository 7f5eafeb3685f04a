import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commandOf, commandProblems, loadSuite, readAnswer, suiteFolder } from "../../conformance/index.ts";
import { temporaryFolder } from "../helpers/services.ts";

const suite = loadSuite();
const questions = suite.vectors.filter((vector) => vector.command !== "scenario");
const manifest = JSON.parse(readFileSync(`${suiteFolder()}/manifest.json`, "utf8")) as {
  readonly files: Readonly<Record<string, string>>;
};

describe("the vectors", () => {
  test("are many", () => {
    expect(suite.vectors.length).toBeGreaterThanOrEqual(650);
  });

  test("are those of the manifest", () => {
    const files = readdirSync(suiteFolder()).filter(
      (name) => name.endsWith(".json") && name !== "manifest.json",
    );
    const digests = files.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(`${suiteFolder()}/${name}`))
        .digest("hex"),
    ]);
    expect(Object.fromEntries(digests)).toEqual(manifest.files);
  });

  test("have flags that are explained", () => {
    const unknown = suite.vectors.flatMap(({ flags = [] }) => flags.filter((flag) => !suite.flags.has(flag)));
    expect(unknown).toEqual([]);
  });

  test("ask what the contract allows", () => {
    const problems = questions.flatMap((vector) => {
      const { cmd, ...fields } = commandOf(vector);
      return commandProblems(cmd, fields);
    });
    expect(problems).toEqual([]);
  });

  test("expect what an answer can say", () => {
    const problems = questions.flatMap((vector) => {
      const fields =
        vector.command === "encode" ? { wire: vector.wire } : { accept: true, call: vector.view };
      const reading = readAnswer(vector.command, fields);
      return reading.kind === "broken" ? reading.problems : [];
    });
    expect(problems).toEqual([]);
  });
});

describe("loadSuite", () => {
  async function copyWith(change: (vector: Record<string, unknown>) => void): Promise<string> {
    const folder = `${await temporaryFolder()}/suite`;
    cpSync(suiteFolder(), folder, { recursive: true });
    const path = `${folder}/encode-options.json`;
    const file = JSON.parse(readFileSync(path, "utf8")) as { readonly vectors: Record<string, unknown>[] };
    for (const vector of file.vectors.slice(0, 1)) change(vector);
    writeFileSync(path, JSON.stringify(file));
    return folder;
  }

  test("takes a folder", async () => {
    const folder = await copyWith((vector) => {
      vector["id"] = "encode.option.mine";
    });
    expect(loadSuite(folder).vectors.map(({ id }) => id)).toContain("encode.option.mine");
  });

  test.each<[string, (vector: Record<string, unknown>) => void, RegExp]>([
    [
      "an id twice",
      (vector) => Object.assign(vector, { id: "encode.option.eta" }),
      /two vectors with the id/,
    ],
    ["an unknown level", (vector) => Object.assign(vector, { level: "L99" }), /vectors\/0\/level/],
    ["no call", (vector) => Reflect.deleteProperty(vector, "call"), /is no file of vectors/],
    ["a bare number", (vector) => Object.assign(vector, { view: { retries: 0 } }), /view\/retries/],
  ])("refuses %s", async (_, change, message) => {
    const folder = await copyWith(change);
    expect(() => loadSuite(folder)).toThrow(message);
  });

  test("refuses a folder without vectors", async () => {
    const folder = await temporaryFolder();
    expect(() => loadSuite(folder)).toThrow(/manifest.json cannot be read/);
  });
});
