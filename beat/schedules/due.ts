import type { Due } from "./schedule.ts";

/** Celery's is_due of crontab and solar: what is due is asked again at the first run after now. */
export function dueByNext(
  nextAfter: (lastRunAtMs: number) => number,
  lastRunAtMs: number,
  nowMs: number,
): Due {
  const next = nextAfter(lastRunAtMs);
  if (next > nowMs) return { isDue: false, nextSeconds: (next - nowMs) / 1000 };
  return { isDue: true, nextSeconds: (nextAfter(nowMs) - nowMs) / 1000 };
}
