import type { JSX } from "preact";
import { useNow } from "../lib/now.ts";
import { ago, fullTime } from "../lib/time.ts";

/** How long ago a time was (or how far away it is), kept up to date; the exact time on hovering. */
export function Age({ iso }: { readonly iso: string }): JSX.Element {
  const nowMs = useNow();
  return (
    <time dateTime={iso} title={fullTime(iso)}>
      {ago(iso, nowMs)}
    </time>
  );
}
