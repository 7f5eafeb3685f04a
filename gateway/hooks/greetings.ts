/** What senders ask once, to see whether somebody is there. Answered when it is theirs, and sends no task. */
import type { IncomingHttpHeaders } from "node:http";
import type { VerifierName } from "./hook-options.ts";
import { memberOf } from "./read-document.ts";

/** The text to answer with. */
type Greeting = (document: unknown, headers: IncomingHttpHeaders) => string | undefined;

const MAX_CHALLENGE = 1000;

const GREETINGS: Partial<Readonly<Record<VerifierName, Greeting>>> = {
  // Slack's Events API wants the challenge back when a URL is set.
  slack(document) {
    const challenge = memberOf(document, "challenge");
    const isAsked = memberOf(document, "type") === "url_verification";
    return isAsked && typeof challenge === "string" ? challenge.slice(0, MAX_CHALLENGE) : undefined;
  },
  // GitHub pings a new webhook.
  github: (_document, headers) => (headers["x-github-event"] === "ping" ? "pong" : undefined),
};

/** undefined for what is no greeting. */
export function greetingOf(
  verifier: VerifierName,
  document: unknown,
  headers: IncomingHttpHeaders,
): string | undefined {
  return GREETINGS[verifier]?.(document, headers);
}
