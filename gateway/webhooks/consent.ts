/** Asks an endpoint whether it wants to be called. Source: CloudEvents, http-webhook.md, section 4. */
import type { Egress } from "../../egress/index.ts";
import { Problem } from "../problems.ts";

export interface ConsentOptions {
  readonly egress: Egress;
  /** The name that we ask under: a host. */
  readonly origin: string;
  readonly timeoutMs: number;
}

/** Resolves when it does. Throws Problem `consent-refused`, with nothing of the answer but its status. */
export async function requireConsent(
  url: string,
  { egress, origin, timeoutMs }: ConsentOptions,
): Promise<void> {
  const outcome = await egress.request({
    url,
    method: "OPTIONS",
    headers: { "webhook-request-origin": origin },
    timeoutMs,
    maxBytes: 0,
  });
  if (outcome.kind === "failure") throw refused(`the call failed (${outcome.reason})`);
  const allowed = outcome.headers["webhook-allowed-origin"];
  if (outcome.status < 200 || outcome.status > 299) throw refused(`it answered ${outcome.status}`);
  if (allowed !== "*" && allowed !== origin)
    throw refused(`its answer has no header WebHook-Allowed-Origin with "${origin}" or "*"`);
}

function refused(why: string): Problem {
  const detail = `The endpoint was asked with OPTIONS and WebHook-Request-Origin whether it wants to be called, and ${why}.`;
  return new Problem("consent-refused", { detail, members: { errors: [{ pointer: "/url", detail }] } });
}
