import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import type { QueueDocument, QueueList, WorkerList } from "../../lib/documents.ts";
import { count, plural } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { secondsInWords } from "../../lib/words.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { Note } from "../../parts/note.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";
import { PurgeQueue } from "./purge.tsx";
import { useDepths } from "./use-depths.ts";

interface Asked {
  readonly queue: QueueDocument;
  readonly what: "pause" | "resume" | "purge";
}

/** What waits at the broker. */
export function QueuesView(): JSX.Element {
  const live = useLive<QueueList>("queues");
  const workers = useLive<WorkerList>("workers").data?.workers;
  const depths = useDepths(live.data?.queues);
  const [asked, setAsked] = useState<Asked>();
  const [done, setDone] = useState<string>();
  const say = (text: string): void => {
    setDone(text);
    announce(text);
  };

  const takersOf = (name: string): number | undefined =>
    workers?.filter(({ status, queues }) => status === "online" && queues?.includes(name)).length;
  const columns: readonly Column<QueueDocument>[] = [
    {
      title: "Queue",
      isName: true,
      render: ({ name }) => (
        <span class="mono">
          {name} <Takers takers={takersOf(name)} />
        </span>
      ),
    },
    { title: "Ready", isNumber: true, render: ({ ready }) => count(ready) },
    {
      title: "Depth",
      render: ({ name }) => (
        <Sparkline
          values={depths.get(name) ?? []}
          tone="running"
          width={90}
          label={`Messages ready in ${name} since this page was opened`}
        />
      ),
    },
    { title: "Held", isNumber: true, render: ({ unacked }) => numberOr(unacked) },
    { title: "Scheduled", isNumber: true, render: ({ scheduled }) => numberOr(scheduled) },
    { title: "Consumers", isNumber: true, isExtra: true, render: ({ consumers }) => numberOr(consumers) },
    {
      title: "Oldest",
      isNumber: true,
      render: ({ oldest_age_s: age }) => (age === null ? "–" : secondsInWords(age)),
    },
    {
      title: "Dead",
      isNumber: true,
      render: ({ name, dead }) =>
        dead ? <a href={href(["dead-letters"], { queue: name })}>{count(dead)}</a> : numberOr(dead),
    },
    {
      title: "Actions",
      isActions: true,
      render: (queue) => (
        <>
          {takersOf(queue.name) !== 0 && (
            <Button onClick={() => setAsked({ queue, what: "pause" })}>Pause</Button>
          )}
          {!takersOf(queue.name) && (
            <Button onClick={() => setAsked({ queue, what: "resume" })}>Resume</Button>
          )}
          <Button kind="danger" onClick={() => setAsked({ queue, what: "purge" })}>
            Purge
          </Button>
        </>
      ),
    },
  ];

  return (
    <>
      <PageHead title="Queues" />
      <div class="stack">
        {done && <Note onClose={() => setDone(undefined)}>{done}</Note>}
        <LivePlace live={live}>
          {({ queues }) =>
            queues.length === 0 ? (
              <NoQueues />
            ) : (
              <Panel isFlush>
                <Table label="Queues" columns={columns} rows={queues} keyOf={({ name }) => name} />
              </Panel>
            )
          }
        </LivePlace>
      </div>
      {asked?.what === "purge" && (
        <PurgeQueue queue={asked.queue.name} onDone={say} onClose={() => setAsked(undefined)} />
      )}
      {(asked?.what === "pause" || asked?.what === "resume") && (
        <Switch {...asked} what={asked.what} onDone={say} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

/** Says nothing while all is well. */
function Takers({ takers }: { readonly takers: number | undefined }): JSX.Element | null {
  if (takers !== 0) return null;
  return <Badge tone="retrying">no worker</Badge>;
}

function Switch({
  queue: { name },
  what,
  onDone,
  onClose,
}: {
  readonly queue: QueueDocument;
  readonly what: "pause" | "resume";
  readonly onDone: (text: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const isPause = what === "pause";
  return (
    <Confirm
      title={`${isPause ? "Pause" : "Resume"} ${name}`}
      verb={isPause ? "Pause" : "Resume"}
      onClose={onClose}
      onConfirm={async () => {
        const path = `v1/queues/${segment(name)}:${what}`;
        const { workers } = await send<{ readonly workers: readonly string[] }>("POST", path);
        onDone(outcome(name, isPause, workers));
      }}
    >
      {isPause ? (
        <p>
          The workers that take from {name} are told to stop. What they have already they finish; messages
          wait at the broker. A worker that starts later takes from it all the same.
        </p>
      ) : (
        <p>
          The workers that were paused through this gateway take from {name} again; when it knows of none, all
          workers are told to.
        </p>
      )}
    </Confirm>
  );
}

function outcome(name: string, isPause: boolean, workers: readonly string[]): string {
  if (workers.length === 0)
    return isPause
      ? `No worker said that it stops taking from ${name}. Is one online that takes from it?`
      : `No worker said that it takes from ${name}. Is one online?`;
  const who = `${plural(workers.length, "worker")} (${workers.join(", ")})`;
  return isPause
    ? `${name} is paused: ${who} stopped taking from it.`
    : `${name}: ${who} takes from it again.`;
}

function numberOr(value: number | null): string {
  return value === null ? "–" : count(value);
}

function NoQueues(): JSX.Element {
  return (
    <Panel>
      <Empty icon="queues" title="No queues to show">
        <p>You see the queues that the app's settings name and that your key may use. Others can be named:</p>
        <Code text="celerity gateway --show-queues mail,video" label="Command that names queues" isShell />
      </Empty>
    </Panel>
  );
}
