/** The matrix of implementations, with adapters of its own. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { selectVectors } from "../../conformance/index.ts";
import {
  type Matrix,
  type MatrixOptions,
  makeMatrix,
  readManifest,
  readManifests,
  toMatrixMarkdown,
  writeMatrix,
} from "../../conformance/report/matrix/index.ts";
import { program } from "../e2e/celerity.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { parrot, suite } from "./parrot.ts";
import { reportOf } from "./reports.ts";

const adapters = fileURLToPath(new URL("../../conformance/adapters", import.meta.url));
const BASE = { language: "none", build: null, needs: ["node"] };
const SEVERAL = ["decode.proto2.json.*", "decode.option.*"];
const count = selectVectors(suite.vectors, { ids: SEVERAL }).length;

/** A folder with an adapter for each manifest. */
async function adaptersOf(manifests: readonly object[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const [at, manifest] of manifests.entries()) {
    mkdirSync(`${folder}/${at}`);
    writeFileSync(`${folder}/${at}/adapter.json`, JSON.stringify(manifest));
  }
  mkdirSync(`${folder}/shared-code`);
  return folder;
}

interface Made {
  readonly matrix: Matrix;
  readonly progress: readonly string[];
}

async function matrixOf(folder: string, options: Partial<MatrixOptions> = {}): Promise<Made> {
  const progress: string[] = [];
  const matrix = await makeMatrix({
    adapters: folder,
    runner: "1",
    vectors: "2",
    celerity: [process.execPath, program],
    runOptions: ["--id", SEVERAL.join()],
    programs: { node: process.execPath },
    buildTimeoutMs: 60_000,
    runTimeoutMs: 60_000,
    onProgress: (line) => progress.push(line),
    ...options,
  });
  return { matrix, progress };
}

function rowsOf(matrix: Matrix): readonly string[] {
  return toMatrixMarkdown(matrix)
    .split("\n")
    .filter((line) => line.startsWith("|"));
}

function isRunning(pid: number): boolean {
  try {
    // A process that has ended is there until its parent has asked for its exit code.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("the matrix", () => {
  test("has a row for each adapter, and says why others have none", { timeout: 180_000 }, async () => {
    const folder = await adaptersOf([
      {
        ...BASE,
        name: "good",
        homepage: "https://example.org/",
        build: ["node", "-e", "fs.writeFileSync('built', '')"],
        run: ["node", ...parrot("none").slice(1)],
        variants: [{ name: "wrong", build: null, run: parrot("swapped-limits"), knownFailing: "known.txt" }],
      },
      {
        ...BASE,
        name: "unbuilt",
        build: ["node", "-e", "console.log('no header in', process.cwd()); process.exit(2)"],
        run: ["x"],
      },
      { ...BASE, name: "toolless", needs: ["node", "no-such-compiler"], run: ["x"] },
      { ...BASE, name: "unset", environment: { NO_SUCH_CHECKOUT: "a checkout" }, run: ["x"] },
      { ...BASE, name: "silent", run: ["node", "-e", "console.error('it has rained in'); process.exit(3)"] },
    ]);
    writeFileSync(`${folder}/0/known.txt`, "decode.option.limits\n");
    const reports = `${folder}/reports`;
    const { matrix, progress } = await matrixOf(folder, { reports });
    expect(rowsOf(matrix)).toEqual([
      "| implementation | version | language | L0 | left out |",
      "| --- | --- | --- | --- | --- |",
      `| good | 1 | none | ${count}/${count} | 0 |`,
      `| wrong | 1 | none | ${count - 1}/${count} | 0 |`,
      "| implementation | language | why |",
      "| --- | --- | --- |",
      expect.stringMatching(/^\| silent \| none \| not run: exit code 2 .*it has rained in \|$/),
      "| toolless | none | no-such-compiler not found |",
      "| unbuilt | none | not built: exit code 2 no header in . |",
      "| unset | none | NO_SUCH_CHECKOUT is not set: a checkout |",
    ]);
    expect(progress).toContain(`wrong: ${count - 1} pass, 1 known-fail`);
    expect(readdirSync(`${reports}/wrong/repro`)).toEqual(["decode.option.limits.sh"]);
    expect(readdirSync(`${folder}/0`).toSorted()).toEqual(["adapter.json", "built", "known.txt"]);
    const out = `${folder}/out`;
    expect(writeMatrix(matrix, out)).toEqual([`${out}/matrix.md`, `${out}/matrix.html`]);
    expect(readdirSync(out).toSorted()).toEqual(["matrix.html", "matrix.md"]);
    expect(readFileSync(`${out}/matrix.html`, "utf8")).toContain(
      '<a href="https://example.org/" rel="noopener noreferrer">good</a>',
    );
  });

  test("does not wait for ever, and leaves nothing running", async () => {
    const folder = await adaptersOf([{ ...BASE, name: "slow", build: ["./build.sh"], run: ["x"] }]);
    const build = `${folder}/0/build.sh`;
    writeFileSync(build, "#!/bin/sh\necho compiling\nsleep 300 &\necho $! > child\nwait\n");
    chmodSync(build, 0o755);
    const { matrix } = await matrixOf(folder, { buildTimeoutMs: 3_000 });
    expect(matrix.missing).toEqual([
      { name: "slow", language: "none", why: "not built: it took more than 3 s\ncompiling" },
    ]);
    const child = Number(readFileSync(`${folder}/0/child`, "utf8"));
    await expect.poll(() => isRunning(child), { timeout: 20_000 }).toBe(false);
  });

  test("does not take an older report for this one's", async () => {
    const run = ["node", "-e", "process.exit(3)"];
    const folder = await adaptersOf([{ ...BASE, name: "silent", run }]);
    mkdirSync(`${folder}/reports/silent`, { recursive: true });
    writeFileSync(
      `${folder}/reports/silent/report.json`,
      JSON.stringify(await reportOf("none", { ids: ["decode.option.eta"] })),
    );
    const { matrix } = await matrixOf(folder, { reports: `${folder}/reports` });
    expect(matrix.rows).toEqual([]);
  });

  test("can be of some only", async () => {
    const absent = { ...BASE, needs: ["no-such-compiler"], run: ["x"] };
    const folder = await adaptersOf([
      { ...absent, name: "silent" },
      { ...absent, name: "loud" },
    ]);
    const { matrix } = await matrixOf(folder, { only: ["loud"] });
    expect(matrix.missing.map(({ name }) => name)).toEqual(["loud"]);
    await expect(matrixOf(folder, { only: ["shy"] })).rejects.toThrow(
      "There is no adapter shy; there are loud, silent.",
    );
  });

  test("shows SHOULD vectors beside MUST vectors", () => {
    const must = { passed: 2, tried: 3, total: 4 };
    const none = { passed: 0, tried: 0, total: 4 };
    const row = { name: "x", language: "none", version: "1", leftOut: 1 };
    const levels = {
      L0: { must, should: { ...must, passed: 1 } },
      L1: { must, should: none },
      L2: { must: none, should: none },
    };
    const matrix: Matrix = {
      runner: "1",
      vectors: "2",
      date: "2030-01-01",
      levels: ["L0", "L1", "L2", "S"],
      rows: [{ ...row, levels }],
      missing: [],
    };
    expect(rowsOf(matrix).at(-1)).toBe("| x | 1 | none | 2/3 · 1/3 | 2/3 | - | - | 1 |");
  });
});

describe("manifests", () => {
  test("of the adapters here can be read, with names of their own", () => {
    const names = readManifests(adapters).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["celery", "celery-debian", "celerity"]));
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    ["an unknown member", { ...BASE, name: "x", run: ["x"], colour: "red" }, /is no manifest/],
    ["no program", { ...BASE, name: "x", run: [] }, /is no manifest: \/run/],
    ["a command as text", { ...BASE, name: "x", run: "x" }, /is no manifest: \/run/],
  ])("with %s are refused", async (_, manifest, message) => {
    const folder = await adaptersOf([manifest]);
    expect(() => readManifest(`${folder}/0`)).toThrow(message);
  });
});
