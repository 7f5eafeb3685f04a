/** Endpoints and deliveries as callers see them. */
import { formatIsoTime } from "../../protocol/index.ts";
import { taskLinks } from "../task-view.ts";
import { TEST_EVENT_TYPE } from "./callback.ts";
import type { Delivery } from "./delivery.ts";
import type { Endpoint } from "./endpoint.ts";

export function endpointLink(name: string, base: string): string {
  return `${base}/v1/webhook-endpoints/${name}`;
}

export function deliveryLink(id: string, base: string): string {
  return `${base}/v1/webhook-deliveries/${id}`;
}

/** `secret` is shown when it is new, and never again. */
export function endpointView(endpoint: Endpoint, base: string, secret?: string): object {
  const { name, url, subscribe, mode, format, consent, disabled, failingSinceMs } = endpoint;
  const self = endpointLink(name, base);
  return {
    name,
    url,
    ...(secret === undefined ? {} : { secret }),
    ...(subscribe === null ? {} : { subscribe }),
    mode,
    format,
    consent,
    disabled: disabled !== null,
    ...(disabled === null
      ? {}
      : { disabled_reason: disabled.reason, disabled_at: formatIsoTime(disabled.atMs) }),
    ...(failingSinceMs === null ? {} : { failing_since: formatIsoTime(failingSinceMs) }),
    created_at: formatIsoTime(endpoint.createdAtMs),
    changed_at: formatIsoTime(endpoint.changedAtMs),
    links: {
      self,
      enable: `${self}:enable`,
      disable: `${self}:disable`,
      rotate_secret: `${self}:rotate-secret`,
      test: `${self}:test`,
      deliveries: `${base}/v1/webhook-deliveries?endpoint=${name}`,
    },
  };
}

export function deliveryView(delivery: Delivery, base: string, withAttempts: boolean): object {
  const { id, taskId, task, type, endpoint, url, status, reason, attempted, nextAtMs } = delivery;
  const self = deliveryLink(id, base);
  const ofTask = type === TEST_EVENT_TYPE ? {} : { task: taskLinks(taskId, base).self };
  return {
    id,
    task_id: taskId,
    task,
    type,
    ...(endpoint === undefined ? {} : { endpoint }),
    url,
    status,
    ...(reason === undefined ? {} : { reason }),
    attempted,
    ...(withAttempts ? { attempts: delivery.attempts.map(attemptView) } : {}),
    created_at: formatIsoTime(delivery.createdAtMs),
    ...(nextAtMs === null ? {} : { next_at: formatIsoTime(nextAtMs) }),
    links: { self, ...ofTask, redeliver: `${self}:redeliver` },
  };
}

function attemptView({ atMs, ...attempt }: Delivery["attempts"][number]): object {
  return { ...attempt, at: formatIsoTime(atMs) };
}
