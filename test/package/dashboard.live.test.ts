/** The dashboard as it is served: small, typed, and alone. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "dist/dashboard");
const files: readonly string[] = readdirSync(folder, {
  recursive: true,
  withFileTypes: true,
  encoding: "utf8",
})
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

const MAX_COMPRESSED_BYTES = 100_000;
/** Names of namespaces, and examples of what people write; nothing is fetched from there. */
const HARMLESS = /^(?:http:\/\/www\.w3\.org|https:\/\/example\.com)\//;

describe("the dashboard", () => {
  test("is smaller than 100 kB, compressed", () => {
    const sizes = files.map((file) => gzipSync(readFileSync(file)).length);
    expect(files.length).toBeGreaterThan(3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_COMPRESSED_BYTES);
  });

  test("brings the licenses of the libraries in it", () => {
    const licenses = readFileSync(join(folder, "licenses.md"), "utf8");
    for (const library of ["preact", "uplot"]) expect(licenses.toLowerCase()).toContain(library);
  });

  test("names no other place, and holds no script or style in its page", () => {
    for (const file of files.filter((name) => !name.endsWith("licenses.md"))) {
      const text = readFileSync(file, "utf8");
      const urls = (text.match(/https?:\/\/[^\s"'`)<>]+/g) ?? []).filter((url) => !HARMLESS.test(url));
      expect(urls, file).toEqual([]);
    }
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=/i);
    expect(page.match(/(?:src|href)="[^"]*"/g)?.every((link) => /="(?:\.\/|v1\/)/.test(link))).toBe(true);
  });

  test("is of one type", async () => {
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    await expect(
      promisify(execFile)(process.execPath, [compiler, "-p", "dashboard"], { cwd: root }),
    ).resolves.toMatchObject({ stdout: "" });
  });
});
