/** Celerity as an adapter of its own conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */
import { createInterface } from "node:readline";
import { type App, createApp, type SendOptions, VERSION } from "../../../index.ts";
import type { Call, Stored, Wire } from "../../ccp/messages.ts";
import { readCall, readResult } from "../../expect/read-call.ts";
import { tag } from "../../values/tag.ts";
import { untag } from "../../values/untag.ts";

const apps: Readonly<Record<number, App>> = Object.fromEntries(
  ([1, 2] as const).map((taskProtocol) => [
    taskProtocol,
    createApp({ brokerUrl: "memory://", taskProtocol, env: {} }),
  ]),
);

/** Celery's names of options, where ours are not the same. */
const OPTIONS: Readonly<Record<string, keyof SendOptions>> = {
  task_id: "taskId",
  time_limit: "timeLimit",
  soft_time_limit: "softTimeLimit",
  delivery_mode: "deliveryMode",
  ignore_result: "ignoreResult",
  link_error: "linkError",
  stamped_headers: "stampedHeaders",
};

async function encode(call: Call): Promise<object> {
  const { protocol = 2, ...given } = untag(call.options) as Record<string, unknown>;
  const options = Object.entries(given).map(([name, value]) => [OPTIONS[name] ?? name, plain(value)]);
  const app = apps[Number(protocol)] ?? createApp({ env: {} });
  const prepared = await app.producer.prepare(call.task, {
    ...Object.fromEntries(options),
    args: untag(call.args) as unknown[],
    kwargs: untag(call.kwargs) as Record<string, unknown>,
  });
  const { body, contentType, contentEncoding, headers, properties } = prepared.message;
  const named = {
    content_type: contentType,
    content_encoding: contentEncoding,
    correlation_id: properties.correlationId,
    reply_to: properties.replyTo,
    delivery_mode: properties.deliveryMode,
    priority: properties.priority,
    ...(properties.expiration !== undefined && { expiration: properties.expiration }),
  };
  return {
    wire: { properties: tag(named), headers: tag(headers), body_b64: Buffer.from(body).toString("base64") },
  };
}

/** Options take times as text, without the name of a zone that Temporal adds to it. */
function plain(value: unknown): unknown {
  const isTime = Object.prototype.toString.call(value).includes("Temporal");
  return isTime ? String(value).split("[")[0] : value;
}

async function decode({ wire, stored }: { readonly wire?: Wire; readonly stored?: Stored }): Promise<object> {
  try {
    if (stored !== undefined) return { accept: true, result: await readResult(stored) };
    return { accept: true, call: await readCall(wire ?? { envelope: "" }) };
  } catch (error) {
    return { accept: false, reason: String(error) };
  }
}

const ABOUT = {
  name: "celerity",
  language: "typescript",
  version: VERSION,
  roles: ["producer", "worker", "results"],
  features: {
    protocol: [1, 2],
    serializers: ["json", "yaml", "msgpack", "pickle"],
    compression: ["zlib", "bzip2", "lzma", "brotli", "zstd"],
    json_types: ["datetime", "date", "time", "decimal", "uuid", "bytes"],
    canvas: ["chain", "group", "chord"],
    ...Object.fromEntries(
      "bigint envelope eta expires links stamps result_compression".split(" ").map((name) => [name, true]),
    ),
  },
};

async function answer(command: Record<string, unknown>): Promise<object> {
  const { cmd } = command;
  if (cmd === "start") return ABOUT;
  if (cmd === "configure") return { ok: true };
  if (cmd === "encode") return await encode(command["call"] as Call);
  if (cmd === "decode") return await decode(command);
  return { skipped: true, message: `this adapter has no ${String(cmd)}` };
}

for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as Record<string, unknown>;
  if (command["cmd"] === "stop") break;
  const said = await answer(command).catch((error: unknown) => ({ errored: true, message: String(error) }));
  process.stdout.write(`${JSON.stringify({ ...said, seq: command["seq"] })}\n`);
}
process.exit(0);
