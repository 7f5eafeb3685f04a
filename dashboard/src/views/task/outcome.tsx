import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, getText, segment } from "../../lib/api.ts";
import { explainError } from "../../lib/states.ts";
import type { Task, TaskError } from "../../lib/task.ts";
import { Code, JsonText } from "../../parts/code.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Panel } from "../../parts/page.tsx";
import { Progress } from "./progress.tsx";

/** What came of a task so far: progress, its result or how it failed. */
export function Outcome({ task }: { readonly task: Task }): JSX.Element | null {
  if (task.state === "SUCCESS") return <Result id={task.id} />;
  if (task.error !== undefined) return <Failure error={task.error} />;
  if (task.meta === undefined || task.meta === null) return null;
  return (
    <Panel title="Progress">
      <Progress meta={task.meta} />
    </Panel>
  );
}

/** The result as its own text: big integers would be rounded on the way through JavaScript. */
function Result({ id }: { readonly id: string }): JSX.Element {
  const path = `v1/tasks/${segment(id)}/result`;
  const [text, setText] = useState<string>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const stop = new AbortController();
    getText(path, { nan: "string" }, stop.signal).then(setText, (reason: unknown) => {
      if (stop.signal.aborted) return;
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
    });
    return () => stop.abort();
  }, [path]);
  return (
    <Panel title="Result">
      {error ? (
        <ErrorNote error={error} />
      ) : text === undefined ? (
        <Loading />
      ) : (
        <JsonText text={text} label="Result" />
      )}
    </Panel>
  );
}

function Failure({ error }: { readonly error: TaskError }): JSX.Element {
  const { type, message, args, traceback } = error;
  return (
    <Panel title="Error">
      <div class="failure">
        <h3>{type}</h3>
        <p class="failure-message">{args.length === 0 ? message : args.map(String).join(", ")}</p>
        <p class="quiet-text">{explainError(type)}</p>
      </div>
      {typeof traceback === "string" && (
        <details class="traceback">
          <summary>Traceback</summary>
          <Code text={traceback} label="Traceback" />
        </details>
      )}
    </Panel>
  );
}
