/** Ids of deliveries, which are made here. */
import { randomBytes } from "node:crypto";

export const DELIVERY_ID: RegExp = /^[0-9a-f]{28}$/;

/** Twelve hexadecimal digits. */
const MAX_TIME_MS = 2 ** 48 - 1;

/** An id that sorts before those of earlier deliveries. */
export function newDeliveryId(nowMs: number): string {
  return (MAX_TIME_MS - nowMs).toString(16).padStart(12, "0") + randomBytes(8).toString("hex");
}
