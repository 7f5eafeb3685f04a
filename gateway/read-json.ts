/** The JSON body of a request, within the gateway's limits. */
import type { IncomingMessage } from "node:http";
import { readBody, requireJson } from "./body.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { parseBody } from "./json-body.ts";

/** A body, and what it says. */
export interface JsonBody {
  readonly bytes: Buffer;
  readonly value: unknown;
}

/** Throws what requireJson, readBody and parseBody throw. */
export async function readJson(exchange: Exchange, gateway: GatewayContext): Promise<unknown> {
  return (await readJsonBody(exchange, gateway)).value;
}

/** The same, with the bytes. */
export async function readJsonBody(exchange: Exchange, { limits, held }: GatewayContext): Promise<JsonBody> {
  requireJson(exchange.req);
  const bytes = await readBody(exchange, { maxBytes: limits.bodyBytes, held });
  return { bytes, value: parseBody(bytes, limits.depth) };
}

/** False for a request that says it has no body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  return Number(headers["content-length"] ?? 0) > 0;
}
