/** `celerity hooks test`: delivers a sample as the sender would, or shows what would become of it. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  type HookOptions,
  type HookSecret,
  type Rehearsal,
  rehearse,
  sampleOf,
  signSample,
} from "../../gateway/index.ts";
import { ConfigurationError, toError, writePythonJson } from "../../protocol/index.ts";
import { askGateway, type GatewayAnswer, tokenOption, urlOption } from "../gateway-client.ts";
import { readHooksFile } from "../hooks-file.ts";
import { plainText } from "../plain-text.ts";

interface TestFlags {
  readonly url?: string;
  readonly token?: string;
  readonly hooks?: string;
  readonly dryRun?: boolean;
  readonly body?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly secretFile?: string;
}

/** The options of a hook, and a secret to sign with. */
interface Signing {
  readonly options: HookOptions;
  readonly secret: string;
}

interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const SECRET_VARIABLE = "CELERITY_HOOK_SECRET";
const MAX_DEPTH = 64;

export function testCommand(): Command {
  return new Command("test")
    .description("deliver a signed sample to a gateway, or show which task it would become")
    .argument("<hook>", "name of the hook")
    .addOption(
      new Option("--hooks <file>", "the hooks, as celerity gateway --hooks takes them").env("CELERITY_HOOKS"),
    )
    .addOption(urlOption())
    .addOption(tokenOption())
    .option("--dry-run", "show which task it would become, and send nothing; so it is without --url")
    .option("--body <file>", "the body; default: a sample as the sender makes it")
    .option("-H, --header <name: value>", "a header of the delivery; may be given several times", header)
    .option("--secret-file <file>", `the secret to sign with; else ${SECRET_VARIABLE}, or that of --hooks`)
    .action(test);
}

/** `Name: value`, added to those given before. */
function header(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const colon = text.indexOf(":");
  if (colon < 1) throw new InvalidArgumentError("Write name: value.");
  return { ...before, [text.slice(0, colon).trim().toLowerCase()]: text.slice(colon + 1).trim() };
}

async function test(name: string, flags: TestFlags): Promise<void> {
  const signing = await findSigning(name, flags);
  const delivery = makeDelivery(signing, flags);
  if (flags.url === undefined || flags.dryRun === true) showRehearsal(name, signing, delivery);
  else await deliver(name, flags.url, delivery);
}

async function findSigning(name: string, flags: TestFlags): Promise<Signing> {
  const options = flags.hooks === undefined ? await askForHook(name, flags) : hookOfFile(name, flags.hooks);
  return { options, secret: options.verifier === "none" ? "" : findSecret(options.secrets ?? [], flags) };
}

function hookOfFile(name: string, path: string): HookOptions {
  const { hooks = {} } = readHooksFile(path);
  const options = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  if (options !== undefined) return options;
  throw new ConfigurationError(`${path} has no hook ${name}; it has: ${Object.keys(hooks).join(", ")}`);
}

/** What a gateway tells of a hook, which is all but its secrets. */
async function askForHook(name: string, { url, token }: TestFlags): Promise<HookOptions> {
  if (url === undefined)
    throw new ConfigurationError(
      "Give the file of the hooks with --hooks, or the gateway that has it with --url.",
    );
  const flags = { url, ...(token === undefined ? {} : { token }) };
  const { body } = await askGateway(flags, `/v1/hooks/${encodeURIComponent(name)}`);
  // What the gateway's document says of this answer.
  return body as unknown as HookOptions;
}

function findSecret(secrets: readonly HookSecret[], { secretFile }: TestFlags): string {
  if (secretFile !== undefined) return readText(secretFile).trim();
  const given = process.env[SECRET_VARIABLE];
  if (given !== undefined && given !== "") return given;
  const [first] = secrets;
  if (typeof first === "string") return first;
  const secret = first === undefined ? undefined : "secret" in first ? first.secret : process.env[first.env];
  if (secret !== undefined && secret !== "") return secret;
  throw new ConfigurationError(
    `There is no secret to sign with: give --secret-file, or set ${SECRET_VARIABLE}.`,
  );
}

function makeDelivery({ options, secret }: Signing, flags: TestFlags): Signed {
  const now = new Date();
  const sample = sampleOf(options.verifier, now.getTime());
  const body = flags.body === undefined ? Buffer.from(sample.body) : readBytes(flags.body);
  const signature = signSample({ options, secret, body, now });
  return { headers: { ...sample.headers, ...flags.header, ...signature }, body };
}

function showRehearsal(name: string, { options, secret }: Signing, { headers, body }: Signed): void {
  const known = options.verifier === "none" ? options : { ...options, secrets: [secret] };
  let rehearsal: Rehearsal;
  try {
    rehearsal = rehearse(name, known, { headers, body });
  } catch (error) {
    throw new ConfigurationError(`The delivery would fail: ${toError(error).message}`, { cause: error });
  }
  const lines = [
    `Hook ${name}, verifier ${options.verifier}: the signature of this delivery is right (${body.length} bytes).`,
    ...explain(rehearsal, options.rules.length),
    "Nothing was sent. With --url it is delivered to a running gateway.",
  ];
  for (const line of lines) process.stdout.write(`${plainText(line)}\n`);
}

function explain({ deliveryId, greeting, rule, request }: Rehearsal, rules: number): readonly string[] {
  if (greeting !== undefined)
    return [`The sender only asks whether somebody is there; the answer is: ${greeting}`];
  const again =
    deliveryId === undefined
      ? "Nothing tells it from other deliveries, so each time it comes it is a new task."
      : `When it comes again it is known by ${deliveryId}, and sends nothing.`;
  if (request === undefined) return [`None of its ${rules} rules fits: no task would be sent.`, again];
  const { task, args = [], kwargs = {}, ...others } = request;
  return [
    `Rule ${(rule ?? 0) + 1} of ${rules} fits. It would send the task ${String(task)} with`,
    `  args    ${writePythonJson(args, MAX_DEPTH)}`,
    `  kwargs  ${writePythonJson(kwargs, MAX_DEPTH)}`,
    ...Object.entries(others).map(([name, value]) => `  ${name.padEnd(6)}  ${String(value)}`),
    again,
  ];
}

async function deliver(name: string, url: string, { headers, body }: Signed): Promise<void> {
  // Without the key of the caller: a sender has none.
  const path = `/v1/hooks/${encodeURIComponent(name)}`;
  const answer = await askGateway({ url }, path, { method: "POST", body, headers });
  process.stdout.write(`${answer.status}  ${plainText(describe(answer))}\n`);
}

function describe({ status, body }: GatewayAnswer): string {
  const { id, task, duplicate, text = JSON.stringify(body) } = body;
  if (typeof id === "string")
    return `${duplicate === true ? "Known already, as" : "Sent"} ${String(task)}[${id}]`;
  if (status === 204) return "No rule fits: no task was sent.";
  return text === "{}" ? "The hook's own answer, which is empty." : `The hook's own answer: ${String(text)}`;
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
}

function readText(path: string): string {
  return readBytes(path).toString();
}
