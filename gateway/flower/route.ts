/** The shape of a route of Flower's API: its errors are texts, as Flower's are, unless the gateway itself refuses. */
import type { Scope } from "../access/caller.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";

/** An answer other than success, as Flower gives it: a status and a text. */
export class FlowerRefusal extends Error {
  override readonly name = "FlowerRefusal";
  readonly status: 400 | 403 | 404 | 503;

  constructor(status: FlowerRefusal["status"], message: string) {
    super(message);
    this.status = status;
  }
}

export interface FlowerRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly access: Scope;
  readonly handle: (exchange: Exchange, gateway: GatewayContext) => Promise<void>;
}

/** It is described in docs/flower.md, and not in the OpenAPI document. */
export function flowerRoute({ method, path, access, handle }: FlowerRoute): Route {
  return {
    method,
    path,
    access,
    operation: { operationId: path, summary: "Flower's API", tags: [] },
    responses: {},
    problems: [],
    async handle(exchange, gateway) {
      if (method === "POST") requireSameSite(exchange);
      try {
        await handle(exchange, gateway);
      } catch (error) {
        if (!(error instanceof FlowerRefusal)) throw error;
        exchange.send(error.status, "text/plain; charset=UTF-8", error.message);
      }
    },
  };
}

/**
 * Flower's callers send forms and JSON under any type, which a web page of a stranger could make a browser send too. Such
 * requests name where they come from. Throws Problem `forbidden-origin`.
 */
function requireSameSite({ req: { headers } }: Exchange): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isOurs =
    site === undefined
      ? origin === undefined || origin === `http://${host}` || origin === `https://${host}`
      : site === "same-origin" || site === "none";
  if (!isOurs) throw new Problem("forbidden-origin");
}

/** What concerns tasks of everybody is for those who may see them. Throws Problem `insufficient-scope`. */
export function requireWideView({ caller }: Exchange): void {
  if (caller.read === "all") return;
  throw new Problem("insufficient-scope", {
    detail:
      "Flower's lists show the tasks of everybody, and these credentials see some only. GET /v1/tasks lists those.",
  });
}
