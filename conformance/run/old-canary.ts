/** The canary of workers that have no protocol 2. */
import type { AmqpWire } from "../ccp/messages.ts";

/** Replaced by another id in each use. */
const ID = "canary-of-protocol-1";
const BODY = {
  task: "conf.echo",
  id: ID,
  args: ["canary"],
  kwargs: {},
  group: null,
  retries: 0,
  eta: null,
  expires: null,
  utc: true,
  callbacks: null,
  errbacks: null,
  timelimit: [null, null],
  taskset: null,
  chord: null,
};

/** `conf.echo("canary")` in protocol 1, as Celery 5.7 sends it with task_protocol 1. */
export const OLD_CANARY: AmqpWire = {
  properties: {
    content_type: "application/json",
    content_encoding: "utf-8",
    correlation_id: ID,
    reply_to: ID,
    delivery_mode: { $int: "2" },
    priority: { $int: "0" },
  },
  headers: {},
  body_b64: Buffer.from(JSON.stringify(BODY)).toString("base64"),
};
