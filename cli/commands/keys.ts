/** `celerity keys`: the keys that sign. Private keys and secrets go to files and are never printed. */
import type { KeyObject } from "node:crypto";
import { Command, Option } from "commander";
import { ConfigurationError } from "../../protocol/index.ts";
import {
  addKey,
  listKeys,
  loadPrivateKey,
  loadPublicKeys,
  pruneKeys,
  publicPem,
  thumbprint,
  toJwk,
  toJwks,
} from "../../signing/index.ts";
import {
  type FolderFlags,
  folderOption,
  jsonOption,
  type PasswordFlags,
  passwordOption,
  printKeys,
  readPassword,
} from "../key-options.ts";
import { wholeNumber } from "../options.ts";
import { generateCommand } from "./keys-generate.ts";

interface RotateFlags extends FolderFlags, PasswordFlags {
  readonly validIn: number;
}

interface PruneFlags extends FolderFlags {
  readonly days: number;
}

interface ExportFlags extends FolderFlags, PasswordFlags {
  readonly in?: string;
  readonly kid?: string;
  readonly format: keyof typeof FORMATS;
}

/** Public keys as text by the name that --format gives it. */
const FORMATS = {
  pem: (keys: readonly KeyObject[]) => keys.map(publicPem).join(""),
  jwk: (keys: readonly KeyObject[]) => keys.map((key) => `${JSON.stringify(toJwk(key))}\n`).join(""),
  jwks: (keys: readonly KeyObject[]) => `${JSON.stringify(toJwks(keys), null, 2)}\n`,
};

const DAY_MS = 24 * 60 * 60 * 1000;

export function keysCommand(): Command {
  const command = new Command("keys").description("make, list, rotate and export the keys that sign");
  for (const part of [generateCommand, listCommand, rotateCommand, exportCommand, pruneCommand]) {
    command.addCommand(part());
  }
  return command;
}

function listCommand(): Command {
  return new Command("list")
    .description("list the keys of a key folder: next, current and retired")
    .addOption(folderOption())
    .addOption(jsonOption())
    .action((flags: FolderFlags) => printKeys(listKeys(flags.dir), flags));
}

function rotateCommand(): Command {
  return new Command("rotate")
    .description("make the next key; the current one retires, and verifies until it is pruned")
    .addOption(folderOption())
    .option("--valid-in <seconds>", "how long until the next key signs", wholeNumber, 0)
    .addOption(passwordOption())
    .addOption(jsonOption())
    .action((flags: RotateFlags) => {
      if (listKeys(flags.dir).length === 0) {
        throw new ConfigurationError(
          `There is no key in ${flags.dir}; make one with: celerity keys generate`,
        );
      }
      addKey(flags.dir, {
        validFrom: new Date(Date.now() + flags.validIn * 1000),
        ...readPassword(flags),
      });
      printKeys(listKeys(flags.dir), flags);
    });
}

function exportCommand(): Command {
  return new Command("export")
    .description("print public keys: those of a key folder, retired ones too")
    .addOption(folderOption())
    .option("-i, --in <file>", "the public half of this private key instead")
    .addOption(passwordOption())
    .option("--kid <id>", "only the key with this id")
    .addOption(
      new Option("--format <format>", "jwk is a line for each key")
        .choices(Object.keys(FORMATS))
        .default("jwks"),
    )
    .action((flags: ExportFlags) => {
      const keys = exportedKeys(flags).filter(
        (key) => flags.kid === undefined || thumbprint(key) === flags.kid,
      );
      if (keys.length === 0) throw new ConfigurationError(`There is no key ${flags.kid}.`);
      process.stdout.write(FORMATS[flags.format](keys));
    });
}

function pruneCommand(): Command {
  return new Command("prune")
    .description("delete keys that retired long ago; what they signed no longer verifies")
    .addOption(folderOption())
    .option("--days <number>", "how long ago", wholeNumber, 30)
    .addOption(jsonOption())
    .action((flags: PruneFlags) => {
      printKeys(pruneKeys(flags.dir, new Date(Date.now() - flags.days * DAY_MS)), flags);
    });
}

function exportedKeys(flags: ExportFlags): KeyObject[] {
  if (flags.in !== undefined) return [loadPrivateKey(flags.in, readPassword(flags).password)];
  return [...loadPublicKeys([flags.dir]).values()];
}
