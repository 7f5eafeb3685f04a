import type { JSX } from "preact";
import type { StatsDocument, WorkerList } from "../../lib/documents.ts";
import { useLive } from "../../lib/live.ts";
import { ButtonLink } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import { setQuery } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { Charts } from "./charts.tsx";
import { sumsOf } from "./sums.ts";
import { TaskRanks } from "./task-ranks.tsx";
import { Tiles } from "./tiles.tsx";
import { useStats } from "./use-stats.ts";
import { DEFAULT_WINDOW, WINDOWS } from "./windows.ts";
import "./overview.css";

/** How all of it fares. */
export function OverviewView({ query }: ViewProps): JSX.Element {
  const window = WINDOWS.find(({ id }) => id === query.get("window")) ?? DEFAULT_WINDOW;
  const stats = useStats(window);
  const workers = useLive<WorkerList>("workers").data?.workers;
  return (
    <>
      <PageHead title="Overview">
        {WINDOWS.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            class="button"
            aria-pressed={id === window.id}
            onClick={() => setQuery({ window: id === DEFAULT_WINDOW.id ? undefined : id })}
          >
            {label}
          </button>
        ))}
      </PageHead>
      <div class="stack">
        <Tiles stats={stats} label={window.label} />
        {workers?.length === 0 && <FirstSteps />}
        <LivePlace live={stats}>{(data) => <Curves stats={data} by={query.get("by")} />}</LivePlace>
      </div>
    </>
  );
}

function Curves({ stats, by }: { readonly stats: StatsDocument; readonly by: string | null }): JSX.Element {
  const { accepted, succeeded, failed } = sumsOf(stats.points);
  if (accepted + succeeded + failed === 0) {
    return (
      <Panel>
        <Empty icon="overview" title="Nothing has happened in this time">
          <p>Curves of tasks, failures, waits and runtimes are drawn here as soon as there are tasks.</p>
          <ButtonLink href="#/send" kind="main">
            Send a task
          </ButtonLink>
        </Empty>
      </Panel>
    );
  }
  return (
    <>
      <Charts stats={stats} />
      <TaskRanks tasks={stats.tasks} by={by} />
    </>
  );
}

function FirstSteps(): JSX.Element {
  return (
    <Panel title="No worker has been heard of">
      <div class="stack tight">
        <p class="quiet-text">
          Tasks wait until one runs at the same broker. Start it in TypeScript or in Python:
        </p>
        <Code
          text="celerity worker -A ./tasks.js -b redis://localhost"
          label="Start a TypeScript worker"
          isShell
        />
        <Code text="celery -A tasks worker -E -b redis://localhost" label="Start a Python worker" isShell />
      </div>
    </Panel>
  );
}
