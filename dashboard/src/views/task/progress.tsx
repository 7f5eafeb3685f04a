import type { JSX } from "preact";
import { JsonText } from "../../parts/code.tsx";

/** What a task says of itself: a bar when there is a number that means one, and all of it. */
export function Progress({ meta }: { readonly meta: unknown }): JSX.Element {
  const share = shareOf(meta);
  return (
    <div class="stack tight">
      {share !== undefined && (
        <div class="progress-line">
          <progress max={1} value={share} aria-label="Progress" />
          <strong>{Math.round(share * 100)} %</strong>
        </div>
      )}
      <JsonText text={JSON.stringify(meta)} label="What the task says of itself" />
    </div>
  );
}

/** Members of a task's own making, of any type. */
interface Numbers {
  readonly percent?: unknown;
  readonly current?: unknown;
  readonly done?: unknown;
  readonly total?: unknown;
  readonly of?: unknown;
}

/** From 0 to 1, from the members that tasks use most; undefined when there are none. */
function shareOf(meta: unknown): number | undefined {
  if (typeof meta !== "object" || meta === null) return undefined;
  const { percent, current, done, total, of }: Numbers = meta;
  const [part, whole] = [current ?? done, total ?? of];
  if (typeof percent === "number") return clamp(percent / 100);
  if (typeof part === "number" && typeof whole === "number" && whole > 0) return clamp(part / whole);
  return undefined;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
