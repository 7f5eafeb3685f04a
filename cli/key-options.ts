/** What the commands of `celerity keys` share. */
import { Option } from "commander";
import { ConfigurationError } from "../protocol/index.ts";
import { type FolderKey, readKeyFile } from "../signing/index.ts";

/** A key folder, and how to print. */
export interface FolderFlags {
  readonly dir: string;
  readonly json?: boolean;
}

/** Where the password of a private key is. */
export interface PasswordFlags {
  readonly passwordFile?: string;
}

export function folderOption(): Option {
  return new Option("-d, --dir <folder>", "the key folder")
    .env("CELERITY_KEYS_DIR")
    .default(".celerity/keys");
}

export function passwordOption(): Option {
  return new Option("--password-file <file>", "file whose first line is the private key's password");
}

export function jsonOption(): Option {
  return new Option("--json", "print JSON");
}

/** The password is no option of its own, because everybody on the machine can read a command line. */
export function readPassword({ passwordFile }: PasswordFlags): { readonly password?: string } {
  if (passwordFile === undefined) return {};
  const [password] = readKeyFile(passwordFile).split(/\r?\n/, 1);
  if (password === undefined || password === "") {
    throw new ConfigurationError(`The password file ${passwordFile} has no text on its first line.`);
  }
  return { password };
}

export function printKeys(keys: readonly FolderKey[], flags: FolderFlags): void {
  const rows = keys.map(({ privateFile: _, ...shown }) => shown);
  const lines = keys.map(({ kid, state, validFrom, validUntil }) =>
    [kid, state.padEnd(7), validFrom.toISOString(), validUntil?.toISOString() ?? ""].join("  ").trimEnd(),
  );
  print(rows, lines, flags);
}

/** Prints a value as JSON, or its lines. */
export function print(value: unknown, lines: readonly string[], { json = false }: FolderFlags): void {
  const text = json ? JSON.stringify(value, null, 2) : lines.join("\n");
  if (text !== "") process.stdout.write(`${text}\n`);
}
