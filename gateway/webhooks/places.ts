/** Where webhooks lie in the gateway's state. A tenant is part of every key, so that none meets what another one has. */
import { createHash } from "node:crypto";

/** Kinds of records. */
export const ENDPOINTS = "webhook-endpoint";
export const DELIVERIES = "webhook-delivery";
export const BODIES = "webhook-body";
export const THROTTLES = "webhook-throttle";
export const SECRETS = "webhook-secret";
export const FIRST_TIMES = "webhook-first-time";

/** Topics of the agenda: tasks whose end is awaited, and deliveries that are due. */
export const WATCHES = "webhook-watch";
export const DUE = "webhook-due";

/** Topic of the feed: that endpoints have changed. */
export const CHANGES = "webhook-endpoints";

/** Greater than any time in milliseconds that fits 12 hexadecimal digits. */
const END_OF_TIME = 2 ** 48;

const DELIVERY_ID = /^wh_[0-9a-f]{12}_[A-Za-z0-9_-]{22}$/;

/** What keys of a tenant begin with. */
export function tenantPrefix(tenant: string | undefined): string {
  // Not encodeURIComponent: tenants may be of any length and alphabet, keys have 512 characters.
  return tenant === undefined ? "/" : `${digest(tenant)}/`;
}

/** Parts of what makes a delivery: the same for everyone who learns of the same event. */
export interface DeliveryIdentity {
  /** When the task was sent for the first time. */
  readonly firstSentAtMs: number;
  readonly taskId: string;
  /** The event, with what tells it from others of its kind. */
  readonly event: string;
  readonly target: string;
}

/** A webhook id: newer tasks sort first. Letters, digits, dashes and underscores. */
export function deliveryId({ firstSentAtMs, taskId, event, target }: DeliveryIdentity): string {
  const age = (END_OF_TIME - firstSentAtMs).toString(16).padStart(12, "0");
  return `wh_${age}_${digest(JSON.stringify([taskId, event, target]))}`;
}

/** Of any tenant. */
export function isDeliveryId(text: string): boolean {
  return DELIVERY_ID.test(text);
}

/** 22 characters that stand for a text. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
