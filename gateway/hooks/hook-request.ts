/** From the body of a PUT, or a hook of the gateway's own options, to options that were checked. */
import { ConfigurationError } from "../../protocol/index.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { requirePlainValues } from "../reserved-envelope.ts";
import { readDelay, readExpires } from "../times.ts";
import { createValidator } from "../validate.ts";
import type { Hook } from "./hook.ts";
import { HOOK_NAME, type HookOptions } from "./hook-options.ts";
import { HookOptionError } from "./mapping/option-error.ts";
import type { RuleOptions } from "./mapping/rules.ts";
import { HOOK_SCHEMAS } from "./schemas.ts";

const validate = createValidator("HookRequest");
/** Members of a view that say nothing in a request. */
const FACTS = Object.entries(HOOK_SCHEMAS.HookRequest["properties"] as object)
  .filter(([, schema]) => Object.keys(schema as object).length === 0)
  .map(([name]) => name);

/** Throws Problem `invalid-arguments`, `bad-task-name` and the like. */
export function readHookRequest(name: string, body: unknown, before: Hook | undefined): HookOptions {
  requireName(name);
  validate(body);
  // The schema says so.
  const given = body as HookOptions & { readonly name?: string };
  if (given.name !== undefined && given.name !== name)
    throw invalid("/name", "is another name than that in the path");
  const options = Object.fromEntries(
    Object.entries(given).filter(([member]) => !FACTS.includes(member)),
  ) as unknown as HookOptions;
  requireRules(options.rules);
  const kept = options.verifier === "none" ? undefined : before?.options.secrets;
  return options.secrets === undefined && kept !== undefined ? { ...options, secrets: kept } : options;
}

/** The hooks of the gateway's own options. Throws ConfigurationError. */
export function checkConfigured(
  hooks: Readonly<Record<string, HookOptions>>,
): Readonly<Record<string, HookOptions>> {
  for (const [name, options] of Object.entries(hooks)) {
    try {
      requireName(name);
      validate({ ...options, ...withoutVariables(options) });
      requireRules(options.rules);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new ConfigurationError(`The hook ${name} is wrong: ${error.message}`, { cause: error });
    }
  }
  return hooks;
}

/** Secrets of the environment have another form than those of a request. */
function withoutVariables({ secrets }: HookOptions): object {
  if (secrets === undefined) return {};
  const plain = secrets.map((item) => {
    if (typeof item === "string" || "secret" in item) return item;
    const { env, ...times } = item;
    return { secret: env, ...times };
  });
  return { secrets: plain };
}

function requireName(name: string): void {
  if (HOOK_NAME.test(name)) return;
  const detail =
    "The name of a hook is 1 to 64 letters, digits, dots, underscores and dashes, the first a letter or a digit.";
  throw new Problem("invalid-arguments", { detail });
}

/** What a task request is checked for when it comes, checked of what a rule says for good. */
function requireRules(rules: readonly RuleOptions[]): void {
  for (const [at, { args, kwargs, delay, expires }] of rules.entries()) {
    requirePlainValues(args, `/rules/${at}/args`);
    requirePlainValues(kwargs, `/rules/${at}/kwargs`);
    if (delay !== undefined) readDelay(delay, `/rules/${at}/delay`);
    if (expires !== undefined) readExpires(expires, `/rules/${at}/expires`);
  }
}

/** Nobody gets a task sent by a hook that they may not send themselves. Throws what the check of a task throws. */
export function requireAllowedTasks(
  exchange: Exchange,
  { checkTask }: GatewayContext,
  { rules, options }: Hook,
): void {
  const [first = ""] = rules.tasks;
  for (const name of rules.tasks)
    checkTask(exchange, { name, queue: undefined, pointer: "/rules", queuePointer: "/rules" });
  for (const [at, { queue, task: _task, when: _when, ...members }] of options.rules.entries()) {
    const pointers = { pointer: `/rules/${at}/task`, queuePointer: `/rules/${at}/queue` };
    checkTask(exchange, { name: first, queue, options: members, ...pointers });
  }
}

/** Wrong options as a problem of the member; anything else as it is. */
export function hookRefusal(error: unknown): unknown {
  if (!(error instanceof HookOptionError)) return error;
  return new Problem("invalid-arguments", {
    detail: error.message,
    members: { errors: [{ pointer: error.pointer, detail: error.message }] },
  });
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem("invalid-arguments", {
    detail: `${pointer}: ${detail}`,
    members: { errors: [{ pointer, detail }] },
  });
}
