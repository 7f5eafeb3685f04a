/** A new secret for a hook, beside those that it has. */
import { randomBytes } from "node:crypto";
import { formatIsoTime } from "../../protocol/index.ts";
import { generateWebhookSecret } from "../../signing/index.ts";
import type { Hook } from "./hook.ts";
import type { HookOptions, HookSecret } from "./hook-options.ts";
import { HookOptionError } from "./mapping/option-error.ts";

/** The body of `POST /v1/hooks/{hook}:rotate`. */
export interface HookRotation {
  readonly secret?: string;
  readonly overlap_seconds?: number;
}

const DAY_SECONDS = 24 * 60 * 60;

/** The options with the new secret, and until when the others count. Throws HookOptionError. */
export function rotate(
  { options }: Hook,
  { secret = newSecret(options), overlap_seconds: overlap = DAY_SECONDS }: HookRotation,
  nowMs: number,
): { readonly options: HookOptions; readonly secret: string; readonly othersUntil: string } {
  if (options.verifier === "none")
    throw new HookOptionError("", "has the verifier none, and no secret to change");
  const untilMs = nowMs + overlap * 1000;
  const othersUntil = formatIsoTime(untilMs);
  const others = (options.secrets ?? []).flatMap((item) => endAt(item, nowMs, untilMs));
  return { options: { ...options, secrets: [secret, ...others] }, secret, othersUntil };
}

function newSecret({ verifier }: HookOptions): string {
  return verifier === "standard-webhooks" ? generateWebhookSecret() : randomBytes(32).toString("base64url");
}

/** The secret with an end; none when it has ended already. */
function endAt(item: HookSecret, nowMs: number, untilMs: number): readonly HookSecret[] {
  const timed = typeof item === "string" ? { secret: item } : item;
  const endMs = Math.min(untilMs, Date.parse(timed.valid_until ?? "9999-12-31T00:00:00Z"));
  return endMs <= nowMs ? [] : [{ ...timed, valid_until: formatIsoTime(endMs) }];
}
