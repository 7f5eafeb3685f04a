import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment } from "../../lib/api.ts";
import type { WorkerDetail, WorkerTask } from "../../lib/documents.ts";
import { count } from "../../lib/format.ts";
import { useLoad } from "../../lib/load.ts";
import { secondsInWords } from "../../lib/words.ts";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Note } from "../../parts/note.tsx";
import { Facts, PageHead, Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { WorkerBadge } from "../workers/worker-badge.tsx";
import { heard } from "../workers/workers.tsx";
import { OrderDialog } from "./order-dialog.tsx";
import { WORKER_ORDERS, type WorkerOrder } from "./orders.ts";
import "./worker.css";

/** Workers are asked at most so often. */
const LOOK_MS = 3000;

interface Asked {
  readonly order: WorkerOrder;
  readonly given: Readonly<Record<string, string>>;
}

/** One worker: what it runs, and what it can be told. */
export function WorkerView({ params }: ViewProps): JSX.Element {
  const { name = "" } = params;
  const { data, error, reload } = useLoad<WorkerDetail>(`v1/workers/${segment(name)}`);
  const [asked, setAsked] = useState<Asked>();
  const [done, setDone] = useState<string>();
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const say = (text: string): void => {
    setDone(text);
    announce(text);
    reload();
  };
  const ask = (action: string, given: Asked["given"] = {}): void => {
    const order = WORKER_ORDERS.find((one) => one.action === action);
    if (order !== undefined) setAsked({ order, given });
  };
  return (
    <>
      <PageHead
        title={name}
        above={
          <a class="back" href="#/workers">
            Workers
          </a>
        }
      >
        {data && <WorkerBadge status={data.status} />}
      </PageHead>
      <div class="stack">
        {done && <Note onClose={() => setDone(undefined)}>{done}</Note>}
        {error && <ErrorNote error={error} onRetry={reload} />}
        {data === undefined && !error && <Loading />}
        {data && <Worker worker={data} ask={ask} />}
      </div>
      {asked && data && (
        <OrderDialog {...asked} worker={data} onDone={say} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

interface Parts {
  readonly worker: WorkerDetail;
  readonly ask: (action: string, given?: Asked["given"]) => void;
}

function Worker({ worker, ask }: Parts): JSX.Element {
  const isOnline = worker.status === "online";
  return (
    <>
      <Panel title="About">
        <AboutWorker worker={worker} />
      </Panel>
      {isOnline && (
        <Panel title="Tell it">
          <div class="actions">
            {WORKER_ORDERS.map(({ action, label, isDangerous }) => (
              <Button key={action} kind={isDangerous ? "danger" : "plain"} onClick={() => ask(action)}>
                {label}
              </Button>
            ))}
          </div>
        </Panel>
      )}
      <Tasks title="Running" tasks={worker.active_tasks} none="It runs nothing right now." />
      <Tasks title="Taken, waiting for room" tasks={worker.reserved_tasks} />
      <Tasks title="Taken, waiting for their time" tasks={worker.scheduled_tasks} />
      <Queues worker={worker} ask={ask} isOnline={isOnline} />
      <Registered worker={worker} ask={ask} isOnline={isOnline} />
    </>
  );
}

function AboutWorker({ worker }: { readonly worker: WorkerDetail }): JSX.Element {
  const { software, language, heartbeat, load, active, processed, uptime_seconds: uptime } = worker;
  return (
    <Facts
      facts={[
        ["Software", software && `${software.name} ${software.version ?? ""}`],
        ["Language", language],
        ["Pool", worker.pool],
        ["Concurrency", worker.concurrency],
        ["Active", active],
        ["Processed", processed === null ? undefined : count(processed)],
        ["Takes ahead", worker.prefetch === 0 ? "without limit" : worker.prefetch],
        ["Load of its machine", load?.map((one) => one.toFixed(2)).join("  ")],
        ["Heartbeat", heartbeat && heard(heartbeat.age_seconds)],
        ["Up for", uptime === null ? undefined : secondsInWords(uptime)],
        ["Process", worker.pid],
      ]}
    />
  );
}

const TASK_COLUMNS: readonly Column<WorkerTask>[] = [
  { title: "Task", isName: true, render: ({ id, task }) => <a href={href(["tasks", id])}>{task}</a> },
  { title: "Id", render: ({ id }) => <code>{id}</code> },
  {
    title: "When",
    render: ({ started_at: started, eta }) => {
      if (eta !== undefined) return <Age iso={eta} />;
      return started === undefined ? "–" : <Age iso={started} />;
    },
  },
];

/** Nothing, where there are none and nothing is to be said about that. */
function Tasks({
  title,
  tasks,
  none,
}: {
  readonly title: string;
  readonly tasks: readonly WorkerTask[] | null;
  readonly none?: string;
}): JSX.Element | null {
  if (tasks === null || (tasks.length === 0 && none === undefined)) return null;
  return (
    <Panel title={title} isFlush={tasks.length > 0}>
      {tasks.length === 0 ? (
        <p class="quiet-text">{none}</p>
      ) : (
        <Table label={title} columns={TASK_COLUMNS} rows={tasks} keyOf={({ id }) => id} />
      )}
    </Panel>
  );
}

function Queues({
  worker: { queues },
  ask,
  isOnline,
}: Parts & { readonly isOnline: boolean }): JSX.Element | null {
  if (queues === null) return null;
  return (
    <Panel title="Queues">
      {queues.length === 0 && <p class="quiet-text">It takes from no queue.</p>}
      <ul class="worker-queues">
        {queues.map((queue) => (
          <li key={queue}>
            <code>{queue}</code>
            {isOnline && (
              <button type="button" class="copy" onClick={() => ask("cancel-consumer", { queue })}>
                Cancel<span class="visually-hidden"> {queue}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface Known {
  readonly task: string;
  /** `rate_limit=10/m` */
  readonly set: string;
  readonly runs: number;
}

function Registered({ worker, ask, isOnline }: Parts & { readonly isOnline: boolean }): JSX.Element | null {
  const { tasks, totals } = worker;
  if (tasks === null) return null;
  const rows = tasks.map((text): Known => {
    const [task = "", ...rest] = text.split(" ");
    return { task, set: rest.join(" ").replace(/^\[|\]$/g, ""), runs: totals?.[task] ?? 0 };
  });
  const columns: readonly Column<Known>[] = [
    { title: "Task", isName: true, render: ({ task }) => <code>{task}</code> },
    { title: "Runs", isNumber: true, render: ({ runs }) => count(runs) },
    { title: "Set for it", render: ({ set }) => set || "–" },
    ...(isOnline
      ? [
          {
            title: "Limits",
            isActions: true,
            render: ({ task }: Known) => (
              <>
                <Button onClick={() => ask("rate-limit", { task })}>Rate</Button>
                <Button onClick={() => ask("time-limit", { task })}>Time</Button>
              </>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel title="Its tasks" isFlush>
      <Table label="Tasks that it can run" columns={columns} rows={rows} keyOf={({ task }) => task} />
    </Panel>
  );
}
