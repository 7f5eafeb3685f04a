/**
 * The handshake by which senders ask whether they may deliver here. The caller is told in headers: without them, it may not.
 * Source: cloudevents/http-webhook.md, 4.
 */
import type { IncomingMessage } from "node:http";
import type { EventDoor } from "./event-door.ts";

const ORIGIN = /^[A-Za-z0-9._:-]{1,255}$/;
const RATE = /^[1-9]\d{0,8}$/;

/** The headers that allow the sender to deliver; none when it may not. */
export function consentTo(
  { headers }: IncomingMessage,
  { allowedOrigins, allowedRate }: EventDoor,
): Readonly<Record<string, string>> {
  const origin = headers["webhook-request-origin"];
  if (typeof origin !== "string" || !ORIGIN.test(origin)) return {};
  if (!allowedOrigins.some((allowed) => isAllowed(origin.toLowerCase(), allowed.toLowerCase()))) return {};
  return {
    "webhook-allowed-origin": origin,
    "webhook-allowed-rate": rateFor(headers["webhook-request-rate"], allowedRate),
  };
}

function isAllowed(origin: string, allowed: string): boolean {
  if (allowed === "*") return true;
  return allowed.startsWith("*.") ? origin.endsWith(allowed.slice(1)) : origin === allowed;
}

/** What was asked for, if it is not too much. */
function rateFor(asked: string | string[] | undefined, allowedRate: number | undefined): string {
  if (allowedRate === undefined) return "*";
  const rate = typeof asked === "string" && RATE.test(asked) ? Number(asked) : allowedRate;
  return String(Math.min(rate, allowedRate));
}
