import type { ComponentChildren, JSX } from "preact";
import type { DeadLetterList, QueueList, StatsDocument, WorkerList } from "../../lib/documents.ts";
import { count, percent, plural } from "../../lib/format.ts";
import { type Live, useLive } from "../../lib/live.ts";
import type { Tone } from "../../lib/states.ts";
import { Sparkline } from "../../parts/sparkline.tsx";
import { failureShare, latestP95, shortSeconds, sumsOf } from "./sums.ts";

interface TileProps {
  readonly title: string;
  readonly href: string;
  readonly value: ComponentChildren;
  readonly detail: ComponentChildren;
  readonly tone?: Tone | undefined;
  readonly values?: readonly (number | null)[];
}

function Tile({ title, href, value, detail, tone, values }: TileProps): JSX.Element {
  return (
    <a class="overview-tile" href={href}>
      <span class="quiet-text">{title}</span>
      <strong class={tone}>{value}</strong>
      <span class="quiet-text">{detail}</span>
      {values && (
        <span class="overview-curve" aria-hidden="true">
          <Sparkline values={values} label={title} tone={tone ?? "running"} />
        </span>
      )}
    </a>
  );
}

/** What may not be seen, or has not come yet. */
function missing({ error }: Live<unknown>): Pick<TileProps, "value" | "detail"> {
  if (error === undefined) return { value: "…", detail: "is coming" };
  return { value: "–", detail: error.status === 403 ? "not for your key" : error.title };
}

/** The state of things in numbers; each leads to where more is said. */
export function Tiles({
  stats,
  label,
}: {
  readonly stats: Live<StatsDocument>;
  readonly label: string;
}): JSX.Element {
  const workers = useLive<WorkerList>("workers");
  const queues = useLive<QueueList>("queues");
  const letters = useLive<DeadLetterList>("dead-letters");
  return (
    <div class="overview-tiles">
      <WorkersTile live={workers} />
      <QueuesTile live={queues} />
      <LettersTile live={letters} queues={queues} />
      <Throughput live={stats} label={label} />
      <Failures live={stats} label={label} />
      <Latency live={stats} />
    </div>
  );
}

function WorkersTile({ live }: { readonly live: Live<WorkerList> }): JSX.Element {
  const common = { title: "Workers online", href: "#/workers" };
  if (live.data === undefined) return <Tile {...common} {...missing(live)} />;
  const { workers } = live.data;
  const online = workers.filter(({ status }) => status === "online");
  const lost = workers.filter(({ status }) => status === "lost").length;
  const running = online.reduce((sum, { active }) => sum + (active ?? 0), 0);
  return (
    <Tile
      {...common}
      value={count(online.length)}
      tone={online.length === 0 || lost > 0 ? "bad" : undefined}
      detail={lost > 0 ? `${lost} lost` : `${plural(running, "task")} running`}
    />
  );
}

function QueuesTile({ live }: { readonly live: Live<QueueList> }): JSX.Element {
  const common = { title: "Messages waiting", href: "#/queues" };
  if (live.data === undefined) return <Tile {...common} {...missing(live)} />;
  const { queues } = live.data;
  const ready = queues.reduce((sum, queue) => sum + queue.ready, 0);
  return <Tile {...common} value={count(ready)} detail={`in ${plural(queues.length, "queue")}`} />;
}

function LettersTile({
  live,
  queues,
}: {
  readonly live: Live<DeadLetterList>;
  readonly queues: Live<QueueList>;
}): JSX.Element {
  const common = { title: "Dead letters", href: "#/dead-letters" };
  // The queues know how many there are; the list has the first 500.
  const known = queues.data?.queues.reduce((sum, { dead }) => sum + (dead ?? 0), 0);
  const dead = live.data === undefined ? known : Math.max(known ?? 0, live.data.dead_letters.length);
  if (dead === undefined) return <Tile {...common} {...missing(live)} />;
  return (
    <Tile
      {...common}
      value={count(dead)}
      tone={dead > 0 ? "bad" : undefined}
      detail={dead === 0 ? "nothing is stuck" : "no worker could run them"}
    />
  );
}

interface OfStats {
  readonly live: Live<StatsDocument>;
}

function Throughput({ live, label }: OfStats & { readonly label: string }): JSX.Element {
  const common = { title: "Tasks accepted", href: "#/tasks" };
  if (live.data === undefined) return <Tile {...common} {...missing(live)} />;
  const { points } = live.data;
  const { accepted } = sumsOf(points);
  return (
    <Tile
      {...common}
      value={count(accepted)}
      detail={`in ${label}`}
      values={points.map((point) => point.accepted)}
    />
  );
}

function Failures({ live, label }: OfStats & { readonly label: string }): JSX.Element {
  const common = { title: "Failures", href: "#/tasks?state=FAILURE" };
  if (live.data === undefined) return <Tile {...common} {...missing(live)} />;
  const { points } = live.data;
  const sums = sumsOf(points);
  const share = failureShare(sums);
  return (
    <Tile
      {...common}
      value={share === undefined ? "–" : percent(share)}
      tone={sums.failed > 0 ? "bad" : undefined}
      detail={`${count(sums.failed)} failed in ${label}`}
      values={points.map(({ failed }) => failed)}
    />
  );
}

function Latency({ live }: OfStats): JSX.Element {
  const common = { title: "Wait, p95", href: "#/queues" };
  if (live.data === undefined) return <Tile {...common} {...missing(live)} />;
  const { points } = live.data;
  const wait = latestP95(points, "wait");
  const runtime = latestP95(points, "runtime");
  return (
    <Tile
      {...common}
      value={wait === undefined ? "–" : shortSeconds(wait)}
      detail={runtime === undefined ? "nothing ran" : `then it runs ${shortSeconds(runtime)}`}
      values={points.map((point) => point.wait.p95)}
    />
  );
}
