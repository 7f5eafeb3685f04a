import type { JSX } from "preact";
import type { WorkerDocument, WorkerList, WorkerStatus } from "../../lib/documents.ts";
import { count } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { secondsInWords } from "../../lib/words.ts";
import { Code } from "../../parts/code.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { href } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { WorkerBadge } from "./worker-badge.tsx";

const LANGUAGES: Readonly<Record<string, string>> = { python: "Python", typescript: "TypeScript" };
const STATUSES: readonly WorkerStatus[] = ["online", "lost", "offline"];

const COLUMNS: readonly Column<WorkerDocument>[] = [
  {
    title: "Worker",
    isName: true,
    render: ({ name }) => (
      <a class="mono" href={href(["workers", name])}>
        {name}
      </a>
    ),
  },
  { title: "Status", render: ({ status }) => <WorkerBadge status={status} /> },
  { title: "Software", render: softwareOf },
  { title: "Pool", render: ({ pool }) => pool ?? "–" },
  { title: "Active", isNumber: true, render: ({ active, concurrency }) => share(active, concurrency) },
  {
    title: "Processed",
    isNumber: true,
    render: ({ processed }) => (processed === null ? "–" : count(processed)),
  },
  {
    title: "Load",
    isNumber: true,
    render: ({ load }) => load?.map((one) => one.toFixed(1)).join(" ") ?? "–",
  },
  { title: "Queues", render: ({ queues }) => queues?.join(", ") ?? "–" },
  {
    title: "Heartbeat",
    isNumber: true,
    render: ({ heartbeat }) => (heartbeat === null ? "–" : heard(heartbeat.age_seconds)),
  },
];

/** All workers, of whatever language. */
export function WorkersView({ query }: ViewProps): JSX.Element {
  const live = useLive<WorkerList>("workers");
  const wanted = STATUSES.find((status) => status === query.get("status"));
  return (
    <>
      <PageHead title="Workers" />
      <div class="stack">
        {live.data === undefined && live.error?.type === "control-impossible" ? (
          <Panel isFlush>
            <NoRemoteControl />
          </Panel>
        ) : (
          <LivePlace live={live}>
            {({ workers }) => (
              <>
                <Filter workers={workers} wanted={wanted} />
                <Panel isFlush>
                  <List workers={workers} wanted={wanted} />
                </Panel>
              </>
            )}
          </LivePlace>
        )}
      </div>
    </>
  );
}

/** On SQL brokers, as the embedded one, workers run tasks and say nothing of themselves. */
function NoRemoteControl(): JSX.Element {
  return (
    <Empty icon="workers" title="Workers of this broker do not show themselves">
      <p>
        They run tasks all the same: see Tasks. RabbitMQ and Redis carry what workers tell, and commands to
        them.
      </p>
      <Code
        text="celerity up --broker redis://localhost --result-backend redis://localhost"
        label="Start at a broker that carries both"
        isShell
      />
    </Empty>
  );
}

interface Listed {
  readonly workers: readonly WorkerDocument[];
  readonly wanted: WorkerStatus | undefined;
}

function Filter({ workers, wanted }: Listed): JSX.Element {
  const tabs = STATUSES.map((status) => ({
    text: status[0]?.toUpperCase() + status.slice(1),
    href: href(["workers"], { status }),
    isCurrent: wanted === status,
    count: workers.filter((worker) => worker.status === status).length,
  }));
  const all = {
    text: "All",
    href: href(["workers"]),
    isCurrent: wanted === undefined,
    count: workers.length,
  };
  return <Tabs label="Status of workers" tabs={[all, ...tabs]} />;
}

function List({ workers, wanted }: Listed): JSX.Element {
  const shown = workers.filter(({ status }) => wanted === undefined || status === wanted);
  if (workers.length === 0) return <NoWorkers />;
  if (shown.length === 0) return <Empty icon="workers" title={`No worker is ${wanted}`} />;
  return <Table label="Workers" columns={COLUMNS} rows={shown} keyOf={({ name }) => name} />;
}

function NoWorkers(): JSX.Element {
  return (
    <Empty icon="workers" title="No worker has been heard of">
      <p>Start one at the same broker, in TypeScript or in Python; it is here within seconds.</p>
      <Code
        text="celerity worker -A ./tasks.js -b redis://localhost"
        label="Start a TypeScript worker"
        isShell
      />
      <Code text="celery -A tasks worker -E -b redis://localhost" label="Start a Python worker" isShell />
    </Empty>
  );
}

function softwareOf({ language, software }: WorkerDocument): string {
  const version = software?.version ?? "";
  if (language !== null) return `${LANGUAGES[language] ?? language} ${version}`.trim();
  return software === null ? "–" : `${software.name} ${version}`.trim();
}

function share(active: number | null, concurrency: number | null): string {
  if (active === null && concurrency === null) return "–";
  return `${active ?? "–"} / ${concurrency ?? "–"}`;
}

/** Heartbeats of the last seconds are all the same. */
export function heard(seconds: number): string {
  return seconds < 10 ? "just now" : `${secondsInWords(seconds)} ago`;
}
