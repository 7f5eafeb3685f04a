/** Makes the matrix of a folder of adapters, and its files. */
import { join } from "node:path";
import { ConfigurationError } from "../../../protocol/index.ts";
import { writeWhole } from "../files.ts";
import { type Implementation, readManifests } from "./manifest.ts";
import { toMatrixMarkdown } from "./markdown.ts";
import { type Matrix, toMatrix } from "./matrix.ts";
import { toMatrixPage } from "./page.ts";
import { type Tried, type TryOptions, tryImplementation } from "./try.ts";

export interface MatrixOptions extends TryOptions {
  /** The folder that has a folder for each adapter. */
  readonly adapters: string;
  /** Names of implementations. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Versions of the runner and of the set of vectors. */
  readonly runner: string;
  readonly vectors: string;
}

/** Tries one implementation after another. Rejects with ConfigurationError for a wrong manifest or an unknown name. */
export async function makeMatrix(options: MatrixOptions): Promise<Matrix> {
  const { adapters, only, runner, vectors } = options;
  const tried: Tried[] = [];
  for (const implementation of chosen(readManifests(adapters), only)) {
    tried.push(await tryImplementation(implementation, options));
  }
  return toMatrix(tried, { runner, vectors, date: new Date().toISOString().slice(0, 10) });
}

/** Writes matrix.md and matrix.html; returns their paths. */
export function writeMatrix(matrix: Matrix, folder: string): readonly string[] {
  const files = { "matrix.md": toMatrixMarkdown(matrix), "matrix.html": toMatrixPage(matrix) };
  return Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    writeWhole(path, text);
    return path;
  });
}

function chosen(
  implementations: readonly Implementation[],
  only: readonly string[] | undefined,
): readonly Implementation[] {
  if (only === undefined) return implementations;
  const names = implementations.map(({ name }) => name);
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length === 0) return implementations.filter(({ name }) => only.includes(name));
  throw new ConfigurationError(`There is no adapter ${unknown.join(", ")}; there are ${names.join(", ")}.`);
}
