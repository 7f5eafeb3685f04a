import "./dead-letters.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, segment, send } from "../../lib/api.ts";
import type { ReplayDocument } from "../../lib/documents.ts";
import { count, plural } from "../../lib/format.ts";
import { useLoad } from "../../lib/load.ts";
import { Button } from "../../parts/button.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Panel } from "../../parts/page.tsx";
import { setQuery } from "../../router.ts";

const LOOK_MS = 1000;

const ENDS: Readonly<Record<ReplayDocument["state"], string>> = {
  running: "Sending",
  done: "Done",
  cancelled: "Cancelled",
  failed: "Failed: the broker could not be reached",
  interrupted: "Interrupted: the gateway that did it has ended; the rest stay dead letters",
};

/** How far a replay is; its id stands in the address, so that it is there after a reload. */
export function ReplayProgress({ id }: { readonly id: string }): JSX.Element {
  const path = `v1/replays/${segment(id)}`;
  const { data, error, reload } = useLoad<ReplayDocument>(path);
  const [refusal, setRefusal] = useState<ApiError>();
  const isRunning = data === undefined ? error === undefined : data.state === "running";
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [isRunning, reload]);
  const cancel = async (): Promise<void> => {
    try {
      await send("DELETE", path);
      reload();
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      setRefusal(thrown);
    }
  };
  const seen = data === undefined ? 0 : data.moved + data.failed + data.kept + data.refused;
  return (
    <Panel
      title={data === undefined ? "Sending again" : `Sending again: dead letters of ${data.queue}`}
      actions={
        isRunning ? (
          <Button onClick={() => void cancel()}>Cancel</Button>
        ) : (
          <Button onClick={() => setQuery({ replay: undefined })}>Close</Button>
        )
      }
    >
      <div class="stack tight" role="status">
        {error && <ErrorNote error={error} onRetry={reload} />}
        {refusal && <ErrorNote error={refusal} />}
        {data && (
          <>
            <progress
              class="dead-letters-progress"
              max={Math.max(1, data.total)}
              value={seen}
              aria-label="Letters dealt with"
            />
            <p>
              {ENDS[data.state]}: {count(data.moved)} of {plural(data.total, "letter")} sent again
              {rest(data)}.
            </p>
          </>
        )}
      </div>
    </Panel>
  );
}

function rest({ kept, failed, refused }: ReplayDocument): string {
  const parts = [
    kept > 0 && `${count(kept)} left out by the filters`,
    failed > 0 && `${count(failed)} cannot be sent`,
    refused > 0 && `${count(refused)} are not for your key`,
  ].filter(Boolean);
  return parts.length === 0 ? "" : `; ${parts.join(", ")}`;
}
