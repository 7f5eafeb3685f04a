import type { JSX } from "preact";
import { type HistoryEvent, isEnd, type PhaseKind, phasesOf, timeIn } from "../../lib/history.ts";
import { useNow } from "../../lib/now.ts";
import { duration } from "../../lib/time.ts";

const NAMES: Readonly<Record<PhaseKind, string>> = { held: "held back", waiting: "waited", running: "ran" };
/** So that a short phase beside a long one is seen. */
const MIN_SHARE = 0.006;

/** How the time of a task was spent, as a bar and in words. */
export function Timings({ events }: { readonly events: readonly HistoryEvent[] }): JSX.Element | null {
  const nowMs = useNow();
  const phases = phasesOf(events, events.some(isEnd) ? 0 : nowMs);
  const total = timeIn(phases, "held", "waiting", "running");
  if (total <= 0) return null;
  const kinds = (["held", "waiting", "running"] as const).filter((kind) => timeIn(phases, kind) > 0);
  const words = kinds.map((kind) => `${NAMES[kind]} ${duration(timeIn(phases, kind))}`);
  return (
    <div class="timings">
      <div class="timings-bar" role="img" aria-label={words.join(", ")}>
        {phases.map(({ kind, fromMs, toMs }) => (
          <span
            key={fromMs}
            class={`timings-${kind}`}
            style={{ flexGrow: Math.max(MIN_SHARE, (toMs - fromMs) / total) }}
          />
        ))}
      </div>
      <ul class="timings-words">
        {kinds.map((kind, at) => (
          <li key={kind}>
            <span class={`timings-key timings-${kind}`} aria-hidden="true" />
            {words[at]}
          </li>
        ))}
      </ul>
    </div>
  );
}
