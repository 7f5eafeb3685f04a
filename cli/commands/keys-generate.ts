/** `celerity keys generate`: a new key in a key folder, or a key or secret in a file of its own. */
import type { KeyObject } from "node:crypto";
import { Command, Option } from "commander";
import { ConfigurationError } from "../../protocol/index.ts";
import {
  addKey,
  generatePrivateKey,
  generateWebhookKeyPair,
  generateWebhookSecret,
  listKeys,
  privatePem,
  publicPem,
  thumbprint,
  writeKeyFile,
} from "../../signing/index.ts";
import {
  type FolderFlags,
  folderOption,
  jsonOption,
  type PasswordFlags,
  passwordOption,
  print,
  printKeys,
  readPassword,
} from "../key-options.ts";
import { wholeNumber } from "../options.ts";

interface KeyFlags extends PasswordFlags {
  readonly bits?: number;
}

/** A key for a file: the text to write, and what may be shown of it. */
interface NewKey {
  readonly secret: string;
  readonly shown: Readonly<Record<string, string>>;
}

/** Kinds of keys and secrets by the name that --type gives them. */
const KEY_TYPES = {
  ed25519: (flags: KeyFlags) => pemKey(generatePrivateKey("ed25519"), flags),
  rsa: (flags: KeyFlags) => pemKey(generatePrivateKey("rsa", flags.bits), flags),
  "webhook-secret": () => ({ secret: `${generateWebhookSecret()}\n`, shown: {} }),
  "webhook-key": () => {
    const { privateKey, publicKey } = generateWebhookKeyPair();
    return { secret: `${privateKey}\n`, shown: { publicKey } };
  },
} satisfies Readonly<Record<string, (flags: KeyFlags) => NewKey>>;

interface GenerateFlags extends FolderFlags, KeyFlags {
  readonly type: keyof typeof KEY_TYPES;
  readonly out?: string;
  readonly force?: boolean;
}

export function generateCommand(): Command {
  return new Command("generate")
    .description("make the first key of a key folder, or with --out a key or secret in a file of its own")
    .addOption(folderOption())
    .addOption(
      new Option("-t, --type <type>", "kind of key").choices(Object.keys(KEY_TYPES)).default("ed25519"),
    )
    .option("--bits <number>", "size of an rsa key: 2048, 3072 or 4096 (default: 3072)", wholeNumber)
    .option("-o, --out <file>", "write it to this file, mode 0600")
    .option("-f, --force", "replace the file of --out")
    .addOption(passwordOption())
    .addOption(jsonOption())
    .action((flags: GenerateFlags) => {
      checkFlags(flags);
      if (flags.out === undefined) generateInFolder(flags);
      else generateFile(flags, flags.out);
    });
}

/** A flag that has no effect would promise what does not happen: a password that encrypts nothing. */
function checkFlags({ type, bits, passwordFile, out, force }: GenerateFlags): void {
  if (type !== "ed25519" && out === undefined) {
    throw new ConfigurationError(`A key folder holds ed25519 keys; give a file for ${type} with --out.`);
  }
  if (force === true && out === undefined) {
    throw new ConfigurationError(
      "--force is for --out; replace a key of a folder with: celerity keys rotate",
    );
  }
  if (bits !== undefined && type !== "rsa") {
    throw new ConfigurationError(`--bits is for rsa, not for ${type}.`);
  }
  if (passwordFile !== undefined && type.startsWith("webhook-")) {
    throw new ConfigurationError(`--password-file is for ed25519 and rsa, not for ${type}.`);
  }
}

function generateInFolder(flags: GenerateFlags): void {
  if (listKeys(flags.dir).length > 0) {
    throw new ConfigurationError(`${flags.dir} has keys; make the next one with: celerity keys rotate`);
  }
  addKey(flags.dir, readPassword(flags));
  printKeys(listKeys(flags.dir), flags);
}

function generateFile(flags: GenerateFlags, file: string): void {
  const { secret, shown } = KEY_TYPES[flags.type](flags);
  writeKeyFile(file, secret, { mode: 0o600, force: flags.force === true });
  const report = { type: flags.type, file, ...shown };
  const lines = Object.entries(report).map(([name, value]) => `${name}: ${value.trimEnd()}`);
  print(report, lines, flags);
}

function pemKey(key: KeyObject, flags: PasswordFlags): NewKey {
  return {
    secret: privatePem(key, readPassword(flags).password),
    shown: { kid: thumbprint(key), publicKey: publicPem(key) },
  };
}
