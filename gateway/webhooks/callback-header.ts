/** An older way to ask for a callback: a header of the request. */
import type { Exchange } from "../exchange.ts";
import { createValidator } from "../validate.ts";
import type { Callback } from "./callback.ts";

const validate = createValidator("Callback");

/** The request with the callback that X-Callback-Url asks for, unless it has one. Throws Problem `invalid-arguments`. */
export function withCallbackHeader<Request extends { readonly callback?: Callback }>(
  { req }: Exchange,
  request: Request,
): Request {
  const { "x-callback-url": url } = req.headers;
  if (url === undefined || request.callback !== undefined) return request;
  const callback: Callback = { url: String(url) };
  validate(callback);
  return { ...request, callback };
}
