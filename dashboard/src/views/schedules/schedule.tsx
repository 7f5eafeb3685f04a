import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, request, segment } from "../../lib/api.ts";
import type { ScheduleDocument } from "../../lib/documents.ts";
import { fullTime } from "../../lib/time.ts";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import type { ViewProps } from "../../view.ts";
import { NEW, toDefinition } from "./definition.ts";
import { ScheduleForm } from "./form.tsx";

const BACK = (
  <a class="back" href="#/schedules">
    Schedules
  </a>
);

export function NewScheduleView(): JSX.Element {
  return (
    <>
      <PageHead title="New schedule" above={BACK} />
      <ScheduleForm initial={NEW} />
    </>
  );
}

interface Known {
  readonly text: string;
  readonly schedule: ScheduleDocument;
  readonly etag: string;
}

/** One schedule, to change it. */
export function ScheduleView({ params }: ViewProps): JSX.Element {
  const { name = "" } = params;
  const [known, setKnown] = useState<Known>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const stop = new AbortController();
    read(name, stop.signal).then(setKnown, (reason: unknown) => {
      if (stop.signal.aborted) return;
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
    });
    return () => stop.abort();
  }, [name]);
  return (
    <>
      <PageHead title={name} above={BACK} />
      {error && <ErrorNote error={error} />}
      {known === undefined && !error && <Loading />}
      {known && (
        <div class="stack">
          <ScheduleForm initial={toDefinition(known.text)} before={known.schedule} etag={known.etag} />
          <NextRuns schedule={known.schedule} />
        </div>
      )}
    </>
  );
}

async function read(name: string, signal: AbortSignal): Promise<Known> {
  const answer = await request(`v1/schedules/${segment(name)}?due=5`, { signal });
  const text = await answer.text();
  const etag = answer.headers.get("etag") ?? "*";
  return { text, schedule: JSON.parse(text) as ScheduleDocument, etag };
}

function NextRuns({
  schedule: { next_due: due },
}: {
  readonly schedule: ScheduleDocument;
}): JSX.Element | null {
  if (due.length === 0) return null;
  return (
    <Panel title="Next runs">
      <ol class="stack tight">
        {due.map((time) => (
          <li key={time}>
            <time dateTime={time}>{fullTime(time)}</time>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
