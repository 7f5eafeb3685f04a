import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { ApiError, segment, send } from "../../lib/api.ts";
import type { ScheduleDocument } from "../../lib/documents.ts";
import { jsonProblem } from "../../lib/json-text.ts";
import { useLoad } from "../../lib/load.ts";
import { cronInWords, everyInWords } from "../../lib/words.ts";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { SelectField, TextArea, TextField, type TextFieldProps } from "../../parts/field.tsx";
import { Panel } from "../../parts/page.tsx";
import { navigate } from "../../router.ts";
import { type Definition, timeInWords, toBody, WAYS, type Way } from "./definition.ts";
import "./schedules.css";

/** What `GET /v1/catalog` names. */
interface Catalog {
  readonly tasks?: readonly { readonly name: string }[];
  readonly queues?: readonly string[];
}

const CATCH_UP: readonly (readonly [string, string])[] = [
  ["one", "One run for all that were missed"],
  ["none", "They are left out"],
  ["all", "All of them run"],
];

/** Makes a schedule, or changes `before`. What the gateway finds wrong stands at the fields. */
export function ScheduleForm({
  initial,
  before,
  etag,
}: {
  readonly initial: Definition;
  readonly before?: ScheduleDocument;
  readonly etag?: string;
}): JSX.Element {
  const [form, setForm] = useState(initial);
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const catalog = useLoad<Catalog>("v1/catalog").data;
  const wrong = useWrong(form, error);

  const field = (name: keyof Definition): Pick<TextFieldProps, "name" | "value" | "onInput" | "error"> => ({
    name,
    value: form[name],
    onInput: (value) => {
      setForm({ ...form, [name]: value });
      setError(undefined);
    },
    error: wrong[name],
  });
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const headers = etag === undefined ? { "if-none-match": "*" } : { "if-match": etag };
      await send("PUT", `v1/schedules/${segment(form.name.trim())}`, toBody(form, before), headers);
      announce(`${form.name} is saved.`);
      navigate("#/schedules");
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
      setBusy(false);
    }
  };
  const isNew = before === undefined;
  const isReady = form.name.trim() !== "" && wrong["unread"] === undefined;
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !isBusy) void submit();
      }}
    >
      <Panel>
        <div class="schedules-fields">
          {isNew && (
            <TextField
              {...field("name")}
              label="Name"
              hint="Names it here, in the API and in the log."
              hasFocus
            />
          )}
          <TextField
            {...field("task")}
            label="Task"
            isCode
            suggestions={catalog?.tasks?.map(({ name }) => name) ?? []}
          />
          <SelectField
            label="When"
            name="way"
            value={form.way}
            options={WAYS}
            onInput={(way) => setForm({ ...form, way: way as Way })}
          />
          <When form={form} field={field} />
          <TextArea {...field("args")} label="Arguments" kind="JSON list" />
          <TextArea {...field("kwargs")} label="Named arguments" kind="JSON object" />
          <TextField {...field("description")} label="Description" />
        </div>
        <details class="schedules-more">
          <summary>More: queue, priority, missed runs, from when to when</summary>
          <div class="schedules-fields">
            <TextField
              {...field("queue")}
              label="Queue"
              hint="Default: where the app sends the task."
              isCode
              suggestions={catalog?.queues ?? []}
            />
            <TextField {...field("priority")} label="Priority" hint="0 to 9" inputMode="numeric" />
            <TextField
              {...field("expires")}
              label="Expires"
              hint="A run that has not started after so many seconds is dropped."
              inputMode="decimal"
            />
            <SelectField
              label="Runs that were missed"
              name="catch_up"
              value={form.catch_up}
              options={CATCH_UP}
              onInput={(value) => setForm({ ...form, catch_up: value })}
            />
            <TextField {...field("start_at")} label="No run before" hint={timeHint(form.start_at)} />
            <TextField {...field("expires_at")} label="No run from" hint={timeHint(form.expires_at)} />
          </div>
        </details>
      </Panel>
      {error && wrong["shown"] === undefined && <ErrorNote error={error} />}
      <div class="actions end">
        <ButtonLink href="#/schedules">Cancel</ButtonLink>
        <Button type="submit" kind="main" isBusy={isBusy} isDisabled={!isReady}>
          {isNew ? "Make the schedule" : "Save"}
        </Button>
      </div>
    </form>
  );
}

/** The fields of the way that is chosen. */
function When({
  form,
  field,
}: {
  readonly form: Definition;
  readonly field: (name: keyof Definition) => Pick<TextFieldProps, "name" | "value" | "onInput" | "error">;
}): JSX.Element {
  if (form.way === "every") {
    const seconds = Number(form.every);
    const words = seconds > 0 ? everyInWords(seconds) : "Seconds, or a duration such as PT30S";
    return <TextField {...field("every")} label="Seconds" hint={words} isCode />;
  }
  if (form.way === "at") return <TextField {...field("at")} label="Time" hint={timeHint(form.at)} isCode />;
  if (form.way === "cron") {
    return (
      <>
        <TextField
          {...field("cron")}
          label="Crontab"
          kind="minute hour day month weekday"
          hint={cronInWords(form.cron) ?? "Such as 0 4 * * mon-fri"}
          isCode
        />
        <TextField
          {...field("timezone")}
          label="Time zone"
          hint="Default: the app's. Such as Europe/Berlin"
          isCode
        />
      </>
    );
  }
  return (
    <>
      <TextField {...field("event")} label="Event" hint="sunrise, sunset, dawn_civil, solar_noon..." isCode />
      <TextField {...field("latitude")} label="Latitude" inputMode="decimal" />
      <TextField {...field("longitude")} label="Longitude" inputMode="decimal" />
    </>
  );
}

function timeHint(text: string): string {
  return timeInWords(text) ?? "Such as 2030-01-31 04:00; your clock counts where no zone is named.";
}

/**
 * What is wrong with each field. `shown`: the gateway's errors all stand at fields that are seen. `unread`: what cannot even be
 * sent.
 */
function useWrong(
  form: Definition,
  error: ApiError | undefined,
): Readonly<Record<string, string | undefined>> {
  const local = {
    args: jsonProblem(form.args.trim() || "[]", "list"),
    kwargs: jsonProblem(form.kwargs.trim() || "{}", "object"),
  };
  const told = Object.fromEntries(
    (error?.errors ?? []).map(({ pointer, detail }) => [fieldOf(pointer), detail]),
  );
  const isShown =
    error !== undefined && Object.keys(told).length > 0 && Object.keys(told).every((name) => name in form);
  return {
    ...told,
    args: local.args ?? told["args"],
    kwargs: local.kwargs ?? told["kwargs"],
    shown: isShown ? "yes" : undefined,
    unread: local.args ?? local.kwargs,
  };
}

/** `/solar/latitude` is the field latitude, `/args/0` is args. */
function fieldOf(pointer: string): string {
  const [, first = "", second = ""] = pointer.split("/");
  return first === "solar" ? second || "event" : first;
}
