/** Writes files of vectors, a vector a line, and the manifest of a set of them. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScenarioVector } from "../suite/vector.ts";
import type { PlanFile } from "./plan-file.ts";

const MANIFEST = "manifest.json";

/** The text of a file of vectors. */
export function suiteText({ title, flags }: PlanFile, vectors: readonly ScenarioVector[]): string {
  const head = JSON.stringify({ schema: 1, title, flags }).slice(0, -1);
  return `${head}, "vectors": [\n${vectors.map((vector) => JSON.stringify(vector)).join(",\n")}\n]}\n`;
}

/** Writes the digests of all files of vectors in a folder; the version stays, or is the one given. */
export function writeManifest(folder: string, version?: string): void {
  const path = join(folder, MANIFEST);
  const old = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { version?: string }) : {};
  const names = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== MANIFEST);
  const files = names.toSorted().map((name) => {
    const digest = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    return [name, digest] as const;
  });
  const manifest = {
    schema: 1,
    version: version ?? old.version ?? "0.1.0",
    files: Object.fromEntries(files),
  };
  writeFileSync(path, `${JSON.stringify(manifest, null, 1)}\n`);
}
