/** Task ids that follow from what is run and when, so that a run that is sent twice is one task. */
import { createHash } from "node:crypto";

/** The namespace of these ids. */
const NAMESPACE = Buffer.from("5bd8b0b44c1b4f0ea8a1f0c0be47a7e1", "hex");

/** The id of a run: a version 5 UUID (RFC 9562) of the beats' name, the entry's name and the instant it was due. */
export function fireId(lockName: string, entry: string, dueAtMs: number): string {
  const name = JSON.stringify([lockName, entry, dueAtMs]);
  const bytes = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
