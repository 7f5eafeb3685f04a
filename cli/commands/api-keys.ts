/** `celerity api-keys`: the keys that callers of a gateway show, made and revoked where the gateway looks. */
import { Command, Option } from "commander";
import {
  type ApiKeyRequest,
  ApiKeys,
  type CredentialRecord,
  openState,
  SCOPES,
} from "../../gateway/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { certificateThumbprint, type QuotaFlags, quotaFlag, scopeList } from "../api-key-options.ts";
import { withConfigFile } from "../config/config-option.ts";
import { commaList, positiveNumber, withStateOptions } from "../options.ts";
import { printWarning } from "../print-warning.ts";
import { gatewayStateUrl, type StateFlags } from "../state-url.ts";

interface Flags extends StateFlags {
  readonly json?: boolean;
}

interface CreateFlags extends Flags {
  readonly submit?: readonly string[];
  readonly queues?: readonly string[];
  readonly scopes?: ReturnType<typeof scopeList>;
  readonly read?: "own" | "tenant" | "all";
  readonly options?: readonly string[];
  readonly tenant?: string;
  readonly quota?: QuotaFlags;
  readonly days?: number;
  readonly proof?: "key" | "certificate" | "hmac" | "ed25519";
  readonly certificate?: string;
  readonly publicKey?: string;
}

/** Keys of one page of a listing. */
const PAGE = 100;

export function apiKeysCommand(): Command {
  const command = new Command("api-keys").description(
    "make, list and revoke the keys of a gateway's callers",
  );
  command.addCommand(createCommand());
  command.addCommand(
    subcommand("list", "list them, revoked ones of the last 30 days too").action((flags: Flags) =>
      withKeys(flags, (keys) => list(keys, flags)),
    ),
  );
  command.addCommand(
    subcommand("show", "show what one may do")
      .argument("<id>")
      .action((id: string, flags: Flags) =>
        withKeys(flags, async (keys) => print(await findKey(keys, id), true)),
      ),
  );
  command.addCommand(
    subcommand("revoke", "end one, within 5 seconds at every gateway")
      .argument("<id>")
      .action((id: string, flags: Flags) =>
        withKeys(flags, async (keys) => {
          await findKey(keys, id);
          await keys.revoke(id);
        }),
      ),
  );
  return command;
}

function subcommand(name: string, description: string): Command {
  const command = withStateOptions(new Command(name).description(description));
  return withConfigFile(command, []).option("-j, --json", "print JSON");
}

function createCommand(): Command {
  return subcommand("create", "make one; it is shown this once")
    .argument("<name>", "for people: who has it")
    .option(
      "--submit <patterns>",
      'tasks it may send, as "billing.*,!billing.admin.*" (default: all)',
      commaList,
    )
    .option("--queues <patterns>", "queues its requests may name (default: all)", commaList)
    .option("--scopes <scopes>", `any of ${Object.keys(SCOPES).join(", ")}`, scopeList)
    .addOption(new Option("--read <whose>", "tasks it sees (default: own)").choices(["own", "tenant", "all"]))
    .option("--options <names>", "members of requests it may use, as queue,delay (default: all)", commaList)
    .option("--tenant <name>", "tenant it belongs to")
    .option("--quota <name=number/seconds>", "as submit=100/60, requests or bytes; several times", quotaFlag)
    .option("--days <number>", "days until it expires (default: never)", positiveNumber)
    .addOption(
      new Option("--proof <kind>", "how callers show who they are (default: key)").choices([
        "key",
        "certificate",
        "hmac",
        "ed25519",
      ]),
    )
    .option("--certificate <file>", "PEM of the client certificate that it is bound to")
    .option("--public-key <key>", "whpk_..., for the proof ed25519")
    .action((name: string, flags: CreateFlags) => withKeys(flags, (keys) => create(keys, name, flags)));
}

async function create(keys: ApiKeys, name: string, flags: CreateFlags): Promise<void> {
  const { submit, queues, scopes, read, options, tenant, quota, days, proof, certificate, publicKey } = flags;
  const request: ApiKeyRequest = {
    name,
    policy: defined({ submit, queues, scopes, read, options, tenant, quotas: quota }),
    ...defined({ proof, publicKey }),
    ...(days === undefined ? {} : { expiresAtMs: Date.now() + days * 86_400_000 }),
    ...(certificate === undefined ? {} : { thumbprint: certificateThumbprint(certificate) }),
  };
  const { record, key, secret } = await keys.create(request);
  const shown = { id: record.id, ...defined({ key, secret }) };
  const lines = Object.entries(shown).map(([member, value]) => `${member}: ${value}`);
  process.stdout.write(`${flags.json === true ? JSON.stringify(shown) : lines.join("\n")}\n`);
  if (key !== undefined || secret !== undefined) printWarning("Keep it: it is not shown again.");
}

async function list(keys: ApiKeys, flags: Flags): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await keys.list({ after, limit: PAGE });
    for (const record of page) print(record, flags.json === true);
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

/** Never the digest: it is of no use to anybody, and looks like a secret. */
function print({ digest: _digest, signingKey: _key, ...record }: CredentialRecord, isJson: boolean): void {
  const { id, name, proof, createdAtMs, expiresAtMs, revokedAtMs } = record;
  const state =
    revokedAtMs !== undefined ? "revoked" : (expiresAtMs ?? Infinity) <= Date.now() ? "expired" : "valid";
  const line = [id, state.padEnd(7), proof.padEnd(11), new Date(createdAtMs).toISOString(), name].join("  ");
  process.stdout.write(`${isJson ? JSON.stringify(record) : line}\n`);
}

async function findKey(keys: ApiKeys, id: string): Promise<CredentialRecord> {
  const record = await keys.get(id);
  if (record === undefined) throw new ConfigurationError(`There is no key ${id}.`);
  return record;
}

async function withKeys(flags: StateFlags, work: (keys: ApiKeys) => Promise<void>): Promise<void> {
  const state = openState({ url: await gatewayStateUrl(flags), onWarning: printWarning });
  try {
    await state.open();
    await work(new ApiKeys(state));
  } finally {
    await state.close();
  }
}

/** Without the members that are undefined. */
function defined<Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Members]?: Exclude<Members[Name], undefined> };
}
