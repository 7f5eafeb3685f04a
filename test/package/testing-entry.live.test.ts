/** The built package in a project of someone else's, who has Vitest and fast-check and writes a codec. */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

const CODEC_TEST = `
import { bzip2Compressor, createCodecs } from "celerity/codecs";
import { testCompressor } from "celerity/testing";

const mine = { ...bzip2Compressor, name: "mine", aliases: [], contentType: "application/x-mine" };
testCompressor({
  compressor: createCodecs({ add: [mine] }).compressor("mine"),
  readsConcatenated: true,
  runs: 20,
});
`;

/** A folder with celerity as npm would install it, and this project's packages around it. */
function project(): string {
  if (!existsSync(`${root}dist/testing/index.js`))
    throw new Error("There is no dist/testing/index.js: run `npm run build` first.");
  const folder = mkdtempSync(join(tmpdir(), "celerity-project-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules/celerity"), { recursive: true });
  for (const name of ["dist", "package.json"])
    cpSync(join(root, name), join(folder, "node_modules/celerity", name), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules")).filter((name) => !name.startsWith(".")))
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "mine.test.js"), CODEC_TEST);
  return folder;
}

test("celerity/testing runs its suites there", async () => {
  const cwd = project();
  const env = { ...process.env, NO_COLOR: "1" };
  const output = await new Promise<string>((resolve) => {
    const args = ["node_modules/vitest/vitest.mjs", "run"];
    execFile(process.execPath, args, { cwd, env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
  expect(output).toMatch(/Tests +8 passed \(8\)/);
});
