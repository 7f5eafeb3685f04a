/** `celerity hooks list|deliveries|replay|test`: webhooks that come in. */
import { Command } from "commander";
import { askGateway, type GatewayClientFlags, withGatewayClientOptions } from "../gateway-client.ts";
import { wholeNumber } from "../options.ts";
import { plainText } from "../plain-text.ts";
import { testCommand } from "./hooks-test.ts";

interface ListFlags extends GatewayClientFlags {
  readonly json?: boolean;
  readonly limit: number;
}

/** What is printed of a hook; the gateway's document has the whole. */
interface HookMembers {
  readonly name: string;
  readonly verifier: string;
  readonly sends: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly last_refusal?: { readonly at: string; readonly reason: string; readonly hint?: string };
}

interface DeliveryMembers {
  readonly id: string;
  readonly received_at: string;
  readonly outcome: string;
  readonly task?: string;
  readonly task_id?: string;
  readonly error?: string;
}

export function hooksCommand(): Command {
  const command = new Command("hooks").description("try out and look after webhooks that come in");
  command.addCommand(testCommand());
  command.addCommand(
    subcommand("list", "list the hooks of a gateway, and what came of their deliveries").action(list),
  );
  command.addCommand(
    subcommand("deliveries", "list what came in at a hook, newest first")
      .argument("<hook>")
      .action(deliveries),
  );
  const replayCommand = new Command("replay")
    .description("send the task of a delivery once more, by the rules as they are now")
    .argument("<hook>")
    .argument("<delivery>", "id from celerity hooks deliveries");
  command.addCommand(withGatewayClientOptions(replayCommand).action(replay));
  return command;
}

function subcommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .option("-j, --json", "print JSON, one a line")
    .option("--limit <number>", "so many at most", wholeNumber, 50);
  return withGatewayClientOptions(command);
}

async function list(flags: ListFlags): Promise<void> {
  const { body } = await askGateway(flags, `/v1/hooks?limit=${flags.limit}`);
  const hooks = body["hooks"] as readonly HookMembers[];
  if (flags.json !== true && hooks.length === 0) process.stdout.write("No hooks.\n");
  for (const hook of hooks) print(flags.json === true ? JSON.stringify(hook) : hookLine(hook));
}

async function deliveries(hook: string, flags: ListFlags): Promise<void> {
  const path = `/v1/hooks/${encodeURIComponent(hook)}/deliveries?limit=${flags.limit}`;
  const { body } = await askGateway(flags, path);
  const found = body["deliveries"] as readonly DeliveryMembers[];
  if (flags.json !== true && found.length === 0) process.stdout.write(`No deliveries at ${hook}.\n`);
  for (const delivery of found)
    print(flags.json === true ? JSON.stringify(delivery) : deliveryLine(delivery));
}

async function replay(hook: string, delivery: string, flags: GatewayClientFlags): Promise<void> {
  const path = `/v1/hooks/${encodeURIComponent(hook)}/deliveries/${encodeURIComponent(delivery)}:replay`;
  const { body } = await askGateway(flags, path, { method: "POST" });
  print(`Sent ${String(body["task"])}[${String(body["id"])}]`);
}

function hookLine({ name, verifier, sends, counts, last_refusal: refusal }: HookMembers): string {
  const numbers = Object.entries(counts).filter(([, count]) => count > 0);
  const told = numbers.map(([what, count]) => `${count} ${what}`).join(", ") || "no deliveries";
  const why =
    refusal === undefined ? "" : `  last refused ${refusal.at}: ${refusal.reason} ${refusal.hint ?? ""}`;
  return `${name}  ${verifier}  ${sends.join(", ")}  (${told})${why}`;
}

function deliveryLine({
  id,
  received_at: at,
  outcome,
  task,
  task_id: taskId,
  error,
}: DeliveryMembers): string {
  const sent = taskId === undefined ? "" : `  ${task ?? "task"}[${taskId}]`;
  return `${id}  ${at}  ${outcome}${sent}${error === undefined ? "" : `  ${error}`}`;
}

/** One line, whatever strangers put into it. */
function print(line: string): void {
  process.stdout.write(`${plainText(line).trimEnd()}\n`);
}
