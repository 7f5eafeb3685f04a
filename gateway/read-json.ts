/** The JSON body of a request, within the gateway's limits. */
import type { IncomingMessage } from "node:http";
import { readBody, requireJson } from "./body.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { parseBody } from "./json-body.ts";

/** Throws what requireJson, readBody and parseBody throw. */
export async function readJson(exchange: Exchange, { limits, held }: GatewayContext): Promise<unknown> {
  requireJson(exchange.req);
  return parseBody(await readBody(exchange, { maxBytes: limits.bodyBytes, held }), limits.depth);
}

/** False for a request that says it has no body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  return Number(headers["content-length"] ?? 0) > 0;
}
