import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { segment } from "../../lib/api.ts";
import type { TaskHistory } from "../../lib/history.ts";
import { useLoad } from "../../lib/load.ts";
import { Button } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Panel } from "../../parts/page.tsx";

/** What a task was called with. It may be nobody's business, so it is hidden until somebody asks. */
export function Arguments({ id }: { readonly id: string }): JSX.Element {
  const [isShown, setShown] = useState(false);
  const path = isShown ? `v1/tasks/${segment(id)}/history` : undefined;
  const { data, error } = useLoad<TaskHistory>(path, { arguments: true });
  return (
    <Panel
      title="Arguments"
      actions={
        <Button onClick={() => setShown(!isShown)}>{isShown ? "Hide arguments" : "Show arguments"}</Button>
      }
    >
      {!isShown ? (
        <p class="quiet-text">Hidden, since they may be private.</p>
      ) : error ? (
        <ErrorNote error={error} />
      ) : data === undefined ? (
        <Loading />
      ) : (
        <Reprs {...data} />
      )}
    </Panel>
  );
}

function Reprs({ args, kwargs }: TaskHistory): JSX.Element {
  if (args === undefined && kwargs === undefined)
    return <p class="quiet-text">Nobody has told them: neither the request nor a worker's event.</p>;
  return (
    <div class="stack">
      {args !== undefined && <Code text={args} label="Arguments" />}
      {kwargs !== undefined && kwargs !== "{}" && <Code text={kwargs} label="Keyword arguments" />}
    </div>
  );
}
