/** The client certificate of a connection that ends here. */

import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

const known = new WeakMap<TLSSocket, string | undefined>();

/**
 * SHA-256 of the certificate in base64url, as RFC 8705 has it; undefined without one that a trusted authority issued. Headers
 * of a proxy say nothing here: anybody can send them.
 */
export function thumbprintOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  if (!known.has(socket)) known.set(socket, readThumbprint(socket));
  return known.get(socket);
}

function readThumbprint(socket: TLSSocket): string | undefined {
  const raw = socket.getPeerX509Certificate()?.raw;
  return raw === undefined ? undefined : hash("sha256", raw, "base64url");
}
