/** How tasks fare, in a stretch of time. */
import { useEffect, useRef } from "preact/hooks";
import type { StatsDocument } from "../../lib/documents.ts";
import { type Live, useLive } from "../../lib/live.ts";
import { useLoad } from "../../lib/load.ts";
import type { Window } from "./windows.ts";

/** The last hour comes by itself; other stretches are read again when something happens, and not too often. */
export function useStats({ window, step, everyMs }: Window): Live<StatsDocument> {
  const live = useLive<StatsDocument>("stats");
  const isRead = everyMs !== undefined;
  const { data, error, reload } = useLoad<StatsDocument>(isRead ? "v1/stats" : undefined, { window, step });
  const readAtMs = useRef(performance.now());
  const { data: hour } = live;
  useEffect(() => {
    if (everyMs === undefined || hour === undefined) return;
    const waitMs = Math.max(0, readAtMs.current + everyMs - performance.now());
    const timer = setTimeout(() => {
      readAtMs.current = performance.now();
      reload();
    }, waitMs);
    return () => clearTimeout(timer);
  }, [hour, everyMs, reload]);
  return isRead ? { data, error: error ?? live.error, isStale: live.isStale } : live;
}
