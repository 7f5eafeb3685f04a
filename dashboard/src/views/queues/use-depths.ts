/** How many messages were ready in each queue since the view was opened. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { QueueDocument } from "../../lib/documents.ts";

const EVERY_MS = 2000;
/** Five minutes. */
const MAX_SAMPLES = 150;

/** By name; a sample every other second. */
export function useDepths(
  queues: readonly QueueDocument[] | undefined,
): ReadonlyMap<string, readonly number[]> {
  const latest = useRef(queues);
  latest.current = queues;
  const [depths, setDepths] = useState<ReadonlyMap<string, readonly number[]>>(new Map());
  const isKnown = queues !== undefined;
  useEffect(() => {
    if (!isKnown) return;
    const look = (): void =>
      setDepths((old) => {
        const now = latest.current ?? [];
        return new Map(
          now.map(({ name, ready }) => [name, [...(old.get(name) ?? []), ready].slice(-MAX_SAMPLES)]),
        );
      });
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [isKnown]);
  return depths;
}
