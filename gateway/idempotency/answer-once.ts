/** Runs a request once for each Idempotency-Key, and answers. */
import { type Answer, sendAnswer } from "../answer.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { FirstRun } from "./idempotency.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";

/** `body` is what the request says, beside its method and path; `work` gets undefined for a request without a key. */
export async function answerOnce(
  exchange: Exchange,
  gateway: GatewayContext,
  body: Buffer | undefined,
  work: (run: FirstRun | undefined) => Promise<Answer>,
): Promise<void> {
  const key = readIdempotencyKey(exchange);
  if (key === undefined) return sendAnswer(exchange, await work(undefined));
  const type = exchange.req.headers["content-type"] ?? "";
  const request = { key, content: body === undefined ? [] : [type, body] };
  sendAnswer(exchange, await gateway.idempotency.run(exchange, request, work));
}
