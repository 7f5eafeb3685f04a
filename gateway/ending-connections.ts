/**
 * Connections that end with the answer that is under way. Node goes on to read requests that came behind the one that is
 * answered: they would be run, and nobody would hear what came of them.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

const ending = new WeakSet<Socket>();

/** The answer to this request says `Connection: close`. */
export function endAfter({ socket }: IncomingMessage): void {
  ending.add(socket);
}

/** Whether it came behind such a request, and must not be run. */
export function isTooLate({ socket }: IncomingMessage): boolean {
  return ending.has(socket);
}
