/** Hooks and deliveries as callers see them. */
import { isUtf8 } from "node:buffer";
import { formatIsoTime } from "../../protocol/index.ts";
import { taskLinks } from "../task-view.ts";
import type { Delivery } from "./delivery-log.ts";
import type { Hook } from "./hook.ts";
import type { HookSecret } from "./hook-options.ts";
import type { HookTally } from "./tallies.ts";

export function hookLink(name: string, base: string): string {
  return `${base}/v1/hooks/${name}`;
}

/** The JSON object of a hook: all of it but its secrets. */
export function hookMembers(hook: Hook, base: string, tally: HookTally): object {
  const { secrets = [], ...options } = hook.options;
  const self = hookLink(hook.name, base);
  const { counts, lastRefusal } = tally;
  return {
    name: hook.name,
    origin: hook.origin,
    ...options,
    secrets_kept: secrets.map(timesOf),
    sends: hook.rules.tasks,
    counts,
    ...(lastRefusal === undefined
      ? {}
      : {
          last_refusal: {
            at: formatIsoTime(lastRefusal.atMs),
            reason: lastRefusal.reason,
            ...(lastRefusal.hint === undefined ? {} : { hint: lastRefusal.hint }),
          },
        }),
    links: { self, deliveries: `${self}/deliveries` },
  };
}

function timesOf(secret: HookSecret): object {
  if (typeof secret === "string") return {};
  const { valid_from: from, valid_until: until } = secret;
  return {
    ...(from === undefined ? {} : { valid_from: from }),
    ...(until === undefined ? {} : { valid_until: until }),
  };
}

/** The JSON object of a delivery. */
export function deliveryMembers(hook: Hook, delivery: Delivery, base: string, body?: Buffer): object {
  const { id, receivedAtMs, outcome, deliveryId, rule, taskId, task, error, replayOf, size, headers } =
    delivery;
  const self = `${hookLink(hook.name, base)}/deliveries/${id}`;
  return {
    id,
    hook: hook.name,
    received_at: formatIsoTime(receivedAtMs),
    outcome,
    ...(deliveryId === undefined ? {} : { delivery_id: deliveryId }),
    ...(rule === undefined ? {} : { rule }),
    ...(taskId === undefined ? {} : { task_id: taskId }),
    ...(task === undefined ? {} : { task }),
    ...(error === undefined ? {} : { error }),
    ...(replayOf === undefined ? {} : { replay_of: replayOf }),
    size,
    headers,
    ...(body === undefined ? {} : bodyMember(body)),
    links: {
      self,
      replay: `${self}:replay`,
      ...(taskId === undefined ? {} : { task: taskLinks(taskId, base).self }),
    },
  };
}

function bodyMember(body: Buffer): object {
  return isUtf8(body) ? { body: body.toString() } : { body_base64: body.toString("base64") };
}
