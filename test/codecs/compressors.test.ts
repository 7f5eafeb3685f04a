/** What takes a process of its own to see: memory, and packages that are not installed. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { builtinCompressors, createCodecs } from "../../codecs/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const MEBIBYTE = 1024 * 1024;

/** Runs a file of this folder in a process of its own. Resolves to the JSON that it prints. */
function runChild(
  file: string,
  args: readonly string[],
  { cwd = root, input = Buffer.of() }: { readonly cwd?: string; readonly input?: Uint8Array } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const command = ["--import", "tsx", `test/codecs/${file}`, ...args];
    const child = execFile(process.execPath, command, { cwd }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(`${file} failed: ${stderr}`, { cause: error }));
    });
    child.stdin?.end(input);
  });
}

test.each(builtinCompressors.map(({ name }) => name))(
  "a bomb of %s is refused with 32 MiB of memory at most",
  async (name) => {
    const bomb = await createCodecs()
      .compressor(name)
      .compress(Buffer.alloc(32 * MEBIBYTE));
    const seen = await runChild("bomb-child.ts", [name], { input: bomb });
    console.info(`${name}: ${bomb.length} bytes,`, seen);
    expect(seen).toMatchObject({ code: "too_large" });
    expect((seen as { extraBytes: number }).extraBytes).toBeLessThan(32 * MEBIBYTE);
  },
);

/** A copy of the codecs, with all packages but these. */
function copyWithout(...missing: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "celerity-codecs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["codecs", "protocol", "test/codecs", "package.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules")).filter((name) => !missing.includes(name)))
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  return folder;
}

test("a package that is not installed is missed when it is used, with the command to install it", async () => {
  const cwd = copyWithout("lzma-native", "@bokuweb", "bzip2-wasm");
  const missing = (format: string, name: string): unknown[] => {
    const message = `The compression ${format} needs the package ${name}. Run: npm install ${name}`;
    return ["CelerityError", "DecodeError"].map((kind) => ({ name: kind, code: "missing_package", message }));
  };
  expect(await runChild("missing-child.ts", [], { cwd })).toEqual({
    lzma: missing("lzma", "lzma-native"),
    zstd: missing("zstd", "@bokuweb/zstd-wasm"),
    bzip2: missing("bzip2", "bzip2-wasm"),
    zlib: ["no error", "no error"],
  });
});
