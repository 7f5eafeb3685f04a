import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { HistoryEvent } from "../../lib/history.ts";
import { isForPage } from "../../lib/keys.ts";
import { explainState } from "../../lib/states.ts";
import type { Task } from "../../lib/task.ts";
import { fullTime } from "../../lib/time.ts";
import { Age } from "../../parts/age.tsx";
import { StateBadge } from "../../parts/badge.tsx";
import { ButtonLink } from "../../parts/button.tsx";
import { Copy } from "../../parts/copy.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Facts, PageHead, Panel } from "../../parts/page.tsx";
import { href, navigate } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { lastListHref } from "../tasks/remembered.ts";
import { WorkflowPanel } from "../workflow/workflow-panel.tsx";
import { Actions } from "./actions.tsx";
import { Arguments } from "./arguments.tsx";
import { Origin } from "./origin.tsx";
import { Outcome } from "./outcome.tsx";
import { Timeline } from "./timeline.tsx";
import { Timings } from "./timings.tsx";
import { useTask } from "./use-task.ts";
import "./task.css";

/** One task: its whole story. */
export function TaskView({ params }: ViewProps): JSX.Element {
  const { id = "" } = params;
  const { task, error, events, origin, hasHistory } = useTask(id);
  useEscape(lastListHref());
  const back = (
    <a
      class="icon-button"
      href={lastListHref()}
      aria-label="Back to the tasks"
      title="Back to the tasks (Esc)"
    >
      <Icon name="back" />
    </a>
  );
  if (task === undefined)
    return (
      <>
        <PageHead title={error?.title ?? "Task"} above={back} />
        {error ? (
          <div class="stack">
            <ErrorNote error={error} />
            <div class="actions">
              <ButtonLink href={href(["tasks"])}>All tasks</ButtonLink>
            </div>
          </div>
        ) : (
          <Loading />
        )}
      </>
    );
  return (
    <>
      <PageHead title={task.task || "Task of unknown name"} above={back}>
        <Actions task={task} />
      </PageHead>
      <div class="task">
        <div class="task-main">
          <Panel>
            <div class="stack">
              <div class="task-state">
                <StateBadge state={task.state} />
                <p class="quiet-text">{explainState(task)}</p>
              </div>
              <Timings events={events} />
            </div>
          </Panel>
          <Outcome task={task} />
          <Panel title="What happened">
            <Timeline events={events} />
            {!hasHistory && (
              <p class="quiet-text task-note">
                This gateway keeps no history of it; with the setting <code>history</code> there is more to
                tell.
              </p>
            )}
          </Panel>
          {hasHistory && <Arguments id={id} />}
        </div>
        <div class="task-side">
          <About
            task={withEvents(task, events)}
            isObserved={hasHistory && !events.some(({ type }) => type === "accepted")}
          />
          {origin && <Origin origin={origin} />}
        </div>
      </div>
      <WorkflowPanel id={id} />
    </>
  );
}

/** Not every result store keeps the worker and the retries; events tell them too. */
function withEvents(task: Task, events: readonly HistoryEvent[]): Task {
  const worker = task.worker ?? events.findLast((event) => event.worker !== undefined)?.worker;
  const retries = task.retries ?? events.findLast((event) => event.retries !== undefined)?.retries;
  return {
    ...task,
    ...(worker === undefined ? {} : { worker }),
    ...(retries === undefined ? {} : { retries }),
  };
}

function About({
  task,
  isObserved,
}: {
  readonly task: Task;
  /** Heard of in events only. */
  readonly isObserved: boolean;
}): JSX.Element {
  const { id, queue, worker, retries, eta, tags, submitted_at: sent, done_at: done } = task;
  return (
    <Panel title="Task">
      <Facts
        facts={[
          [
            "Id",
            <span key="id" class="task-id">
              <code>{id}</code> <Copy text={id} label="Copy id" />
            </span>,
          ],
          ["Queue", queue && <a href={href(["tasks"], { queue })}>{queue}</a>],
          ["Worker", worker && <a href={href(["workers", worker])}>{worker}</a>],
          ["Retries", retries],
          ["Sent", sent && <Age iso={sent} />],
          ["Not before", eta && fullTime(eta)],
          ["Ended", done && <Age iso={done} />],
          ["Origin", isObserved && "observed: sent by somebody else"],
          [
            "Repeats",
            task.replayed_from && <a href={href(["tasks", task.replayed_from])}>{task.replayed_from}</a>,
          ],
          [
            "Tags",
            tags && (
              <span class="task-tags">
                {tags.map((tag) => (
                  <a key={tag} class="chip" href={href(["tasks"], { tag })}>
                    {tag}
                  </a>
                ))}
              </span>
            ),
          ],
        ]}
      />
    </Panel>
  );
}

/** Escape leads to `target`. */
function useEscape(target: string): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && isForPage(event)) navigate(target);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [target]);
}
