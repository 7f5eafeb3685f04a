/** `celerity keys`: the keys that sign, in a folder of their own. Private keys and secrets go to files and are never printed. */
import type { KeyObject } from "node:crypto";
import { Command, Option } from "commander";
import { ConfigurationError } from "../../protocol/index.ts";
import {
  addKey,
  type FolderKey,
  generatePrivateKey,
  generateWebhookKeyPair,
  generateWebhookSecret,
  listKeys,
  loadPrivateKey,
  loadPublicKeys,
  privatePem,
  pruneKeys,
  publicPem,
  readKeyFile,
  thumbprint,
  toJwk,
  toJwks,
  writeKeyFile,
} from "../../signing/index.ts";
import { wholeNumber } from "../options.ts";

interface FolderFlags {
  readonly dir: string;
  readonly json?: boolean;
}

interface GenerateFlags extends FolderFlags {
  readonly type: string;
  readonly bits?: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly passwordFile?: string;
}

/** A key for a file of its own: the text to write, and what may be shown. */
interface NewKey {
  readonly secret: string;
  readonly shown: Readonly<Record<string, string>>;
}

/** The kinds of keys and secrets by the name that --type gives them. */
const KEY_TYPES: Readonly<Record<string, (bits?: number, password?: string) => NewKey>> = {
  ed25519: (_bits, password) => pemKey(generatePrivateKey("ed25519"), password),
  rsa: (bits, password) => pemKey(generatePrivateKey("rsa", bits), password),
  "webhook-secret": () => ({ secret: `${generateWebhookSecret()}\n`, shown: {} }),
  "webhook-key": () => {
    const { privateKey, publicKey } = generateWebhookKeyPair();
    return { secret: `${privateKey}\n`, shown: { publicKey } };
  },
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** Public keys as text, by the name that --format gives it. */
const FORMATS: Readonly<Record<string, (keys: readonly KeyObject[]) => string>> = {
  pem: (keys) => keys.map(publicPem).join(""),
  jwk: (keys) => keys.map((key) => `${JSON.stringify(toJwk(key))}\n`).join(""),
  jwks: (keys) => `${JSON.stringify(toJwks(keys), null, 2)}\n`,
};

export function keysCommand(): Command {
  const command = new Command("keys").description("make, list, rotate and export the keys that sign");
  for (const part of [generateCommand, listCommand, rotateCommand, exportCommand, pruneCommand]) {
    command.addCommand(part());
  }
  return command;
}

function generateCommand(): Command {
  return withFolderOptions(new Command("generate"))
    .description("make the first key of a key folder, or with --out a key or secret in a file of its own")
    .addOption(
      new Option("-t, --type <type>", "kind of key").choices(Object.keys(KEY_TYPES)).default("ed25519"),
    )
    .option("--bits <number>", "size of an rsa key: 2048, 3072 or 4096", wholeNumber)
    .option("-o, --out <file>", "write it to this file, mode 0600")
    .option("-f, --force", "replace the file of --out")
    .addOption(passwordOption())
    .action((flags: GenerateFlags) => (flags.out === undefined ? generateInFolder(flags) : generateFile(flags)));
}

function listCommand(): Command {
  return withFolderOptions(new Command("list"))
    .description("list the keys of a key folder: next, current and retired")
    .action(({ dir, json }: FolderFlags) => printKeys(listKeys(dir), json));
}

function rotateCommand(): Command {
  return withFolderOptions(new Command("rotate"))
    .description("make the next key; the current one retires, and still verifies until it is pruned")
    .option("--valid-in <seconds>", "when the next key begins to sign", wholeNumber, 0)
    .addOption(passwordOption())
    .action((flags: FolderFlags & { readonly validIn: number; readonly passwordFile?: string }) => {
      if (listKeys(flags.dir).length === 0) {
        throw new ConfigurationError(`There is no key in ${flags.dir}; make one with: celerity keys generate`);
      }
      const validFrom = new Date(Date.now() + flags.validIn * 1000);
      addKey(flags.dir, { validFrom, ...readPassword(flags) });
      printKeys(listKeys(flags.dir), flags.json);
    });
}

function exportCommand(): Command {
  return new Command("export")
    .description("print public keys, retired ones too")
    .addOption(folderOption())
    .option("-i, --in <file>", "the public half of this private key instead")
    .addOption(passwordOption())
    .option("--kid <id>", "only the key with this id")
    .addOption(new Option("--format <format>", "pem, jwk (a line each) or jwks").choices(Object.keys(FORMATS)).default("jwks"))
    .action(
      (flags: FolderFlags & { readonly in?: string; readonly kid?: string; readonly format: string; readonly passwordFile?: string }) => {
        const keys = flags.in === undefined ? [...loadPublicKeys([flags.dir]).values()] : [loadPrivateKey(flags.in, readPassword(flags).password)];
        const wanted = keys.filter((key) => flags.kid === undefined || thumbprint(key) === flags.kid);
        if (wanted.length === 0) throw new ConfigurationError(`There is no key ${flags.kid}.`);
        process.stdout.write(FORMATS[flags.format]?.(wanted) ?? "");
      },
    );
}
