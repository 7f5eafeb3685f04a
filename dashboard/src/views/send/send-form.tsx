import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { ApiError, send } from "../../lib/api.ts";
import { curlCommand } from "../../lib/curl.ts";
import { useLoad } from "../../lib/load.ts";
import type { TaskSummary } from "../../lib/task.ts";
import { Button } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { TextArea, TextField } from "../../parts/field.tsx";
import { Panel } from "../../parts/page.tsx";
import { href, navigate } from "../../router.ts";
import { type FieldName, fieldOf, problemsOf, type Texts, toBody } from "./fields.ts";
import type { Draft } from "./use-draft.ts";
import "./send.css";

/** Names that the gateway knows. */
interface Catalog {
  readonly tasks: readonly { readonly name: string; readonly params?: readonly string[] }[];
  readonly queues: readonly string[];
}

type Problems = Partial<Record<FieldName, string>>;

/** A mistake is shown when the writing pauses: not at every key, nor when the field is left, which would move a button away under the click. */
const PAUSE_MS = 600;

export function SendForm({ draft }: { readonly draft: Draft }): JSX.Element {
  const [texts, setTexts] = useState<Texts>(draft.texts);
  const [problems, setProblems] = useState<Problems>({});
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const [areOptionsOpen, setOptionsOpen] = useState(draft.texts.queue !== "" || draft.texts.tags !== "");
  const [edited, setEdited] = useState<FieldName>();
  const form = useRef<HTMLFormElement>(null);
  const { data: catalog } = useLoad<Catalog>("v1/catalog");

  const edit = (name: FieldName, value: string): void => {
    setTexts({ ...texts, [name]: value });
    setProblems({ ...problems, [name]: undefined });
    setEdited(name);
  };
  useEffect(() => {
    if (edited === undefined || texts[edited].trim() === "") return;
    const timer = setTimeout(
      () => setProblems((old) => ({ ...old, [edited]: problemsOf(texts)[edited] })),
      PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [edited, texts]);

  const showProblems = (found: Problems): void => {
    setProblems(found);
    const [first] = Object.keys(found) as FieldName[];
    if (first === undefined) return;
    if (!["task", "args", "kwargs"].includes(first)) setOptionsOpen(true);
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus());
  };
  const submit = async (): Promise<void> => {
    setError(undefined);
    const found = problemsOf(texts);
    showProblems(found);
    if (isBusy || Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      const { id, task } = await send<TaskSummary>("POST", "v1/tasks", toBody(texts));
      announce(`${task} was sent`);
      navigate(href(["tasks", id]));
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      setBusy(false);
      const placed = placedProblems(reason);
      showProblems(placed);
      if (Object.keys(placed).length === 0) setError(reason);
    }
  };

  const field = (name: FieldName) => ({
    name,
    value: texts[name],
    onInput: (value: string) => edit(name, value),
    error: problems[name],
  });
  const params = catalog?.tasks.find(({ name }) => name === texts.task.trim())?.params;
  return (
    <div class="send-columns">
      <Panel>
        <form
          ref={form}
          class="stack"
          novalidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
          }}
        >
          {draft.note && <p class="note">{draft.note}</p>}
          <TextField
            {...field("task")}
            label="Task"
            placeholder="examples.add"
            suggestions={catalog?.tasks.map(({ name }) => name) ?? []}
            hint={params === undefined ? "" : hintOf(params)}
            isCode
            isRequired
            hasFocus
          />
          <TextArea {...field("args")} label="Arguments" kind="JSON list" placeholder="[2, 3]" />
          <TextArea
            {...field("kwargs")}
            label="Keyword arguments"
            kind="JSON object"
            placeholder='{"x": 2}'
          />
          <details open={areOptionsOpen} onToggle={(event) => setOptionsOpen(event.currentTarget.open)}>
            <summary>Options</summary>
            <div class="send-options">
              <TextField
                {...field("queue")}
                label="Queue"
                placeholder="default"
                suggestions={catalog?.queues ?? []}
              />
              <TextField {...field("tags")} label="Tags" kind="with commas" placeholder="nightly" />
              <TextField
                {...field("delay")}
                label="Delay"
                kind="seconds"
                placeholder="0"
                inputMode="decimal"
              />
              <TextField
                {...field("expires")}
                label="Expires in"
                kind="seconds"
                placeholder="never"
                inputMode="decimal"
              />
              <TextField
                {...field("priority")}
                label="Priority"
                kind="0 to 9"
                placeholder="default"
                inputMode="numeric"
              />
            </div>
          </details>
          {error && <ErrorNote error={error} />}
          <div class="actions">
            <Button type="submit" kind="main" icon="send" isBusy={isBusy}>
              Send task
            </Button>
            <span class="quiet-text send-keys">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            </span>
          </div>
        </form>
      </Panel>
      <Panel title="The same with curl">
        <Code text={curlCommand(toBody(texts))} label="The same with curl" id="form-curl" isShell />
        <p class="quiet-text send-note">
          The answer comes at once with the task's id. Add <code>-H 'Prefer: wait=10'</code> to wait for its
          end.
        </p>
      </Panel>
    </div>
  );
}

function hintOf(params: readonly string[]): string {
  return params.length === 0 ? "It takes no arguments." : `It takes ${params.join(", ")}.`;
}

/** What the gateway says of fields that the form has. */
function placedProblems({ errors }: ApiError): Problems {
  const placed: Problems = {};
  for (const { pointer, detail } of errors) {
    const name = fieldOf(pointer);
    if (name !== undefined) placed[name] = detail;
  }
  return placed;
}
