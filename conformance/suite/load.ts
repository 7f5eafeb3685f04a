/** Reads the files of vectors and checks them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { ConfigurationError, toError } from "../../protocol/index.ts";
import type { Flag, Vector, VectorFile } from "./vector.ts";
import { VECTOR_FILE_SCHEMA } from "./vector-schema.ts";

/** A set of vectors. */
export interface Suite {
  readonly version: string;
  readonly folder: string;
  readonly vectors: readonly Vector[];
  readonly flags: ReadonlyMap<string, Flag>;
}

/** The vectors of this package lie beside its sources, and two folders above what is compiled of them. */
const PLACES = ["../vectors/suite", "../../../conformance/vectors/suite"];
const MANIFEST = "manifest.json";

/** The folder of the vectors that come with this package. Throws ConfigurationError. */
export function suiteFolder(): string {
  const folders = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = folders.find((folder) => existsSync(join(folder, MANIFEST)));
  if (found !== undefined) return found;
  throw new ConfigurationError(`The vectors are not where they should be: ${folders.join(" or ")}.`);
}

/** Throws ConfigurationError for files that are no vectors, and for an id that is there twice. */
export function loadSuite(folder: string = suiteFolder()): Suite {
  const manifest = readJson(folder, MANIFEST) as { readonly version?: unknown };
  const check = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true }).compile(
    VECTOR_FILE_SCHEMA,
  );
  const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== MANIFEST);
  const read = files.toSorted().map((name) => {
    const content = readJson(folder, name);
    if (check(content)) return content as VectorFile;
    const [error] = check.errors ?? [];
    throw new ConfigurationError(
      `${join(folder, name)} is no file of vectors: ${error?.instancePath ?? ""} ${error?.message ?? ""}.`,
    );
  });
  const vectors = read.flatMap((file) => file.vectors);
  requireUniqueIds(vectors);
  return {
    folder,
    version: String(manifest.version),
    vectors,
    flags: new Map(read.flatMap((file) => Object.entries(file.flags))),
  };
}

function requireUniqueIds(vectors: readonly Vector[]): void {
  const seen = new Set<string>();
  for (const { id } of vectors) {
    if (seen.has(id)) throw new ConfigurationError(`There are two vectors with the id ${id}.`);
    seen.add(id);
  }
}

function readJson(folder: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, name), "utf8"));
  } catch (error) {
    throw new ConfigurationError(`${join(folder, name)} cannot be read: ${toError(error).message}`, {
      cause: error,
    });
  }
}
