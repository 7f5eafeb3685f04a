/** Finding, reading and writing key files. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ConfigurationError, toError } from "../../protocol/index.ts";
import { globSync } from "../glob.ts";

/** A key takes 4 KiB at most; a key set of many is still far below. */
const MAX_KEY_FILE_BYTES = 1024 * 1024;
const KEY_FILE_PATTERN = "*.{pem,jwk,jwks,json}";

/**
 * The files that a path stands for, sorted: the file itself; the files of a folder that end in .pem, .jwk, .jwks or
 * .json (of its `public/`, if it has one: see key-folder.ts); or what matches a pattern, as in Celery's
 * security_cert_store. Throws ConfigurationError when there are none.
 */
export function keyFiles(path: string): string[] {
  if (isFolder(path)) {
    const publicFolder = join(path, "public");
    return matchingFiles(KEY_FILE_PATTERN, isFolder(publicFolder) ? publicFolder : path, path);
  }
  return path.includes("*") ? matchingFiles(path, process.cwd(), path) : [path];
}

/** The text of a key file. Throws ConfigurationError when it cannot be read or is too large to be one. */
export function readKeyFile(file: string): string {
  try {
    const { size } = statSync(file);
    if (size <= MAX_KEY_FILE_BYTES) return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigurationError(`The key file ${file} cannot be read: ${toError(error).message}`, {
      cause: error,
    });
  }
  throw new ConfigurationError(
    `The key file ${file} is larger than ${MAX_KEY_FILE_BYTES} bytes; name another.`,
  );
}

/** How to write a file. */
export interface WriteKeyFileOptions {
  /** Permission bits: 0o600 for anything secret. */
  readonly mode: number;
  /** Replaces a file that exists. */
  readonly force?: boolean;
}

/**
 * Writes a whole file or nothing: under another name first, then moved. Throws ConfigurationError when the file exists,
 * unless `force` is given.
 */
export function writeKeyFile(file: string, text: string, { mode, force = false }: WriteKeyFileOptions): void {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeAndSync(temporary, text, mode);
    // Unlike a rename, a new link never replaces a file that is there.
    if (force) renameSync(temporary, file);
    else linkSync(temporary, file);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new ConfigurationError(
      exists
        ? `The file ${file} exists; name another, or replace it with --force.`
        : `The file ${file} cannot be written: ${toError(error).message}`,
      { cause: error },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function matchingFiles(pattern: string, folder: string, shown: string): string[] {
  const files = globSync(pattern, { cwd: folder, absolute: true, expandDirectories: false }).sort();
  if (files.length === 0) throw new ConfigurationError(`There is no key file at ${shown}.`);
  return files;
}

function writeAndSync(file: string, text: string, mode: number): void {
  const descriptor = openSync(file, "wx", mode);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
