/** The id of a request in logs and answers: the caller's own, when it is a plain word, else a new one. */
import { randomUUID } from "node:crypto";

const PLAIN = /^[A-Za-z0-9._:/+=-]{1,128}$/;

export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === "string" && PLAIN.test(given) ? given : randomUUID();
}
