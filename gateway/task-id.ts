/** Ids of tasks that the gateway sends. */
import { randomUUID } from "node:crypto";

/**
 * A UUID of version 7 (RFC 9562): 48 bits of time in milliseconds, 74 random bits. Ids made one after the other stand side
 * by side in a database's index, which halves the cost of writing them.
 */
export function newTaskId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, "0");
  // Version and time are set; the variant and the rest are as they were made.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

const TIMED_ID = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** When an id of version 7 was made, in milliseconds since 1970; undefined for other ids. */
export function timeOfTaskId(id: string): number | undefined {
  const [, first, second] = TIMED_ID.exec(id) ?? [];
  return first === undefined ? undefined : Number.parseInt(`${first}${second}`, 16);
}
