/** Celerity as an adapter of its own conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */
import { createInterface } from "node:readline";
import { type App, createApp, VERSION } from "../../../index.ts";
import type { Call, Stored, Wire } from "../../ccp/messages.ts";
import { readCall, readResult } from "../../expect/read-call.ts";
import { toWire } from "../../rig/to-wire.ts";
import { untag } from "../../values/untag.ts";
import { LIVE, toSendOptions } from "./live.ts";

const apps: Readonly<Record<number, App>> = Object.fromEntries(
  ([1, 2] as const).map((taskProtocol) => [
    taskProtocol,
    createApp({ brokerUrl: "memory://", taskProtocol, env: {} }),
  ]),
);

async function encode(call: Call): Promise<object> {
  const { protocol = { $int: "2" } } = call.options;
  const app = apps[Number(untag(protocol))] ?? createApp({ env: {} });
  const prepared = await app.producer.prepare(call.task, toSendOptions(call));
  return { wire: toWire(prepared.message) };
}

async function decode({ wire, stored }: { readonly wire?: Wire; readonly stored?: Stored }): Promise<object> {
  try {
    if (stored !== undefined) return { accept: true, result: await readResult(stored) };
    return { accept: true, call: await readCall(wire ?? { envelope: "" }) };
  } catch (error) {
    return { accept: false, reason: String(error) };
  }
}

const WORKING =
  "retries revoke control events time_limits acks_late rate_limit auth seals gateway dead_letters";

const ABOUT = {
  name: "celerity",
  language: "typescript",
  version: VERSION,
  roles: ["producer", "worker", "results", "gateway"],
  commands: ["encode", "decode", "publish", "result", "work", "drain", "serve"],
  features: {
    protocol: [1, 2],
    serializers: ["json", "yaml", "msgpack", "pickle"],
    compression: ["zlib", "bzip2", "lzma", "brotli", "zstd"],
    json_types: ["datetime", "date", "time", "decimal", "uuid", "bytes"],
    canvas: ["chain", "group", "chord", "map", "replace"],
    brokers: ["redis", "amqp", "sqlite"],
    backends: ["redis", "rpc", "sqlite"],
    ...Object.fromEntries(
      `bigint envelope eta expires links stamps result_compression ${WORKING}`
        .split(" ")
        .map((name) => [name, true]),
    ),
  },
};

async function answer(command: Record<string, unknown>): Promise<object> {
  const cmd = String(command["cmd"]);
  if (cmd === "start") return ABOUT;
  if (cmd === "encode") return await encode(command["call"] as Call);
  if (cmd === "decode") return await decode(command);
  return (await LIVE[cmd]?.(command)) ?? { skipped: true, message: `this adapter has no ${cmd}` };
}

async function reply(command: Record<string, unknown>): Promise<void> {
  const said = await answer(command).catch((error: unknown) => ({ errored: true, message: String(error) }));
  process.stdout.write(`${JSON.stringify({ ...said, seq: command["seq"] })}\n`);
}

for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as Record<string, unknown>;
  if (command["cmd"] === "stop") break;
  const done = reply(command);
  // Who waits for a result keeps nobody waiting.
  if (command["cmd"] !== "result") await done;
}
process.exit(0);
