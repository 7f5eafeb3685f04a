import type { ComponentChildren, JSX } from "preact";
import type { Live } from "../lib/live.ts";
import { Loading } from "./empty.tsx";
import { ErrorNote } from "./error-note.tsx";
import { Note } from "./note.tsx";

/** What is made of a topic's document: before it came, while it is old, and when it cannot be had. */
export function LivePlace<T>({
  live: { data, isStale, error },
  children,
}: {
  readonly live: Live<T>;
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  if (data === undefined) return error ? <ErrorNote error={error} /> : <Loading />;
  return (
    <>
      {error && <ErrorNote error={error} />}
      {isStale && !error && <Note tone="retrying">Reconnecting: what you see may be old.</Note>}
      {children(data)}
    </>
  );
}
