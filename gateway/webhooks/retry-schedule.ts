/** When a delivery is tried again. */
import type { WebhookSettings } from "./options.ts";

type Schedule = Pick<WebhookSettings, "scheduleSeconds" | "jitter">;

/** Milliseconds to wait after so many tries; undefined when there are no more. `random` is from 0 to 1. */
export function nextTryMs(
  { scheduleSeconds, jitter }: Schedule,
  tries: number,
  random: number,
): number | undefined {
  const seconds = scheduleSeconds[tries];
  return seconds === undefined ? undefined : Math.round(seconds * 1000 * (1 + jitter * random));
}
