/** The examples of docs/canvas.md, which are one program: it compiles, and prints what the page says. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { examples } from "../../helpers/documentation.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = examples("canvas.md");
const program = page
  .map(({ code }) => code)
  .join("")
  .replaceAll('from "celerity"', `from ${JSON.stringify(join(root, "index.ts"))}`);

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "celerity-canvas-"));
  file = join(folder, "program.mts");
  await writeFile(file, program);
});
afterAll(() => rm(folder, { recursive: true }));

test("prints what the page says", { timeout: 60_000 }, async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  await import(/* @vite-ignore */ file);
  const printed = log.mock.calls.map((values) => `${values.join(" ")}\n`).join("");
  log.mockRestore();
  expect(page.length).toBeGreaterThan(8);
  expect(printed).toBe(page.map(({ output }) => output).join(""));
});

test("compiles", { timeout: 120_000 }, async () => {
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      ...{
        noEmit: true,
        incremental: false,
        allowImportingTsExtensions: true,
        rewriteRelativeImportExtensions: false,
        rootDir: "/",
      },
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: [file],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch(
    (error: { readonly stdout: string }) => error,
  );
  // What it says of the sources, the build says too.
  expect(stdout.split("\n").filter((line) => line.includes("program.mts"))).toEqual([]);
});
