/** adapter.json: what an adapter of conformance/adapters is, and how it is built and run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { ConfigurationError, toError } from "../../../protocol/index.ts";
import type { Schema } from "../../ccp/schemas.ts";

const FILE = "adapter.json";

/** A program and its arguments. */
export type ProgramWords = readonly [program: string, ...args: readonly string[]];

/** An adapter, or one of several ways to run it. */
export interface Manifest {
  readonly name: string;
  readonly language: string;
  /** What builds it; null when there is nothing to build. */
  readonly build: ProgramWords | null;
  /** The adapter itself. Commands run in the adapter's folder. */
  readonly run: ProgramWords;
  /** Programs that must be on this machine: names on the path, or paths. */
  readonly needs: readonly string[];
  /** Variables that must be set, and what to set each to, in words. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of `celerity conformance run` that it needs; a word as `$NAME` stands for a variable of the environment. */
  readonly options?: readonly string[];
  readonly homepage?: string;
  /** A list of vectors that fail, beside the manifest. */
  readonly knownFailing?: string;
}

/** An adapter that can be tried. */
export interface Implementation extends Manifest {
  /** Its absolute path. */
  readonly folder: string;
}

interface ManifestFile extends Manifest {
  /** Others of the same folder: each replaces what it names. */
  readonly variants?: readonly Partial<Manifest>[];
}

const TEXT: Schema = { type: "string", minLength: 1 };
const COMMAND: Schema = { type: "array", items: { type: "string" }, minItems: 1 };
const MEMBERS: Readonly<Record<keyof Manifest, Schema>> = {
  name: TEXT,
  language: TEXT,
  build: { anyOf: [COMMAND, { type: "null" }] },
  run: COMMAND,
  needs: { type: "array", items: TEXT },
  environment: { type: "object", additionalProperties: TEXT },
  options: { type: "array", items: TEXT },
  homepage: TEXT,
  knownFailing: TEXT,
};
const SCHEMA: Schema = {
  type: "object",
  properties: {
    ...MEMBERS,
    variants: {
      type: "array",
      items: { type: "object", properties: MEMBERS, required: ["name"], additionalProperties: false },
    },
  },
  required: ["name", "language", "build", "run", "needs"],
  additionalProperties: false,
};

/** The implementations of a folder of adapters, by name. Throws ConfigurationError. */
export function readManifests(adapters: string): readonly Implementation[] {
  const folders = readdirSync(adapters, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).filter((name) => existsSync(join(adapters, name, FILE)));
  const implementations = names.flatMap((name) => readManifest(join(adapters, name)));
  return implementations.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** The adapter of a folder, and its variants. Throws ConfigurationError. */
export function readManifest(folder: string): readonly Implementation[] {
  const path = join(folder, FILE);
  const content = readJson(path);
  const check = new Ajv2020().compile<ManifestFile>(SCHEMA);
  if (!check(content)) {
    const [error] = check.errors ?? [];
    throw new ConfigurationError(
      `${path} is no manifest: ${error?.instancePath ?? ""} ${error?.message ?? ""}.`,
    );
  }
  const { variants = [], ...manifest } = content;
  return [manifest, ...variants.map((variant) => ({ ...manifest, ...variant }))].map((one) => ({
    ...one,
    folder,
  }));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
}
