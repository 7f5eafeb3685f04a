import type { JSX } from "preact";
import { curlCommand } from "../../lib/curl.ts";
import { ButtonLink } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { PageHead } from "../../parts/page.tsx";
import type { ViewProps } from "../../view.ts";
import { type FilterName, filterKey, readFilter } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { rememberedList } from "./remembered.ts";
import { TaskTable } from "./task-table.tsx";
import { useTasks } from "./use-tasks.ts";
import "./tasks.css";

/** The tasks, newest first, live. */
export function TasksView({ query }: ViewProps): JSX.Element {
  const filter = readFilter(query);
  const key = filterKey(filter);
  const tasks = useTasks(filter, rememberedList(key)?.pages);
  const { rows, isLoading, error, reload } = tasks;
  const isFiltered = (Object.keys(filter) as FilterName[]).length > 0;
  return (
    <div class="tasks">
      <PageHead title="Tasks">
        <Filters filter={filter} />
      </PageHead>
      {error && rows.length > 0 && <ErrorNote error={error} onRetry={reload} />}
      <div class="panel tasks-panel">
        {rows.length > 0 ? (
          <TaskTable key={key} listKey={key} filter={filter} tasks={tasks} />
        ) : isLoading ? (
          <Loading />
        ) : error ? (
          <ErrorNote error={error} onRetry={reload} />
        ) : isFiltered ? (
          <Empty icon="search" title="No task matches the filter">
            <ButtonLink href="#/tasks">Show all tasks</ButtonLink>
          </Empty>
        ) : (
          <FirstTask />
        )}
      </div>
    </div>
  );
}

function FirstTask(): JSX.Element {
  return (
    <Empty icon="tasks" title="No tasks yet">
      <p>Send the first one with the form, or from a terminal:</p>
      <Code
        label="Command that sends a task"
        text={curlCommand('{"task":"examples.add","args":[2,3]}', "wait=10")}
        isShell
      />
      <p class="quiet-text">
        With <code>Prefer: wait=10</code> the answer is the finished task. Without it you get an id at once,
        and can ask for it later.
      </p>
      <ButtonLink href="#/send" kind="main" icon="send">
        Send a task
      </ButtonLink>
    </Empty>
  );
}
