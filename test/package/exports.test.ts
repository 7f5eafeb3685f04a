import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { VERSION } from "../../version.ts";

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

describe("package.json", () => {
  it("has the version that the program prints", () => {
    expect(VERSION).toBe(manifest.version);
  });

  it.each(Object.entries(manifest.exports))("export %s has a source file", (_name, target) => {
    const source =
      typeof target === "string" ? target : target.default.replace("./dist/", "./").replace(/\.js$/, ".ts");
    expect(existsSync(source)).toBe(true);
  });
});
