import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import type { DeadLetterDocument, DeadLetterList } from "../../lib/documents.ts";
import { bytes, count, plural } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Empty } from "../../parts/empty.tsx";
import { SelectField } from "../../parts/field.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { Note } from "../../parts/note.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href, setQuery } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { PurgeQueue } from "../queues/purge.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";
import { ReplayProgress } from "./replay-progress.tsx";

const COLUMNS: readonly Column<DeadLetterDocument>[] = [
  {
    title: "Task",
    isName: true,
    render: ({ id, queue, task }) => (
      <a href={href(["dead-letters", queue, id])}>{task ?? <em>no task's message</em>}</a>
    ),
  },
  { title: "Reason", render: ({ reason }) => <Badge tone="bad">{reason}</Badge> },
  { title: "Detail", render: ({ detail }) => detail },
  { title: "Queue", render: ({ queue }) => <code>{queue}</code> },
  { title: "Worker", isExtra: true, render: ({ worker }) => worker ?? "–" },
  { title: "Size", isNumber: true, render: ({ bytes: size }) => bytes(size) },
  {
    title: "Died",
    isNumber: true,
    render: ({ died_at: died }) => (died === undefined ? "–" : <Age iso={died} />),
  },
];

/** Messages that no worker could run. */
export function DeadLettersView({ query }: ViewProps): JSX.Element {
  const live = useLive<DeadLetterList>("dead-letters");
  const [asked, setAsked] = useState<"replay" | "discard">();
  const [done, setDone] = useState<string>();
  const letters = live.data?.dead_letters ?? [];
  const filter = {
    queue: query.get("queue") ?? "",
    reason: query.get("reason") ?? "",
    task: query.get("task") ?? "",
  };
  const shown = letters.filter((letter) => fits(letter, filter));
  // What is done to many is done to one queue.
  const queues = [...new Set(shown.map(({ queue }) => queue))];
  const [queue = ""] = queues;
  const replay = query.get("replay");
  const say = (text: string): void => {
    setDone(text);
    announce(text);
  };
  return (
    <>
      <PageHead title="Dead letters">
        {queues.length === 1 && (
          <>
            <Button icon="retry" onClick={() => setAsked("replay")}>
              Send all again
            </Button>
            <Button kind="danger" onClick={() => setAsked("discard")}>
              Discard all of {queue}
            </Button>
          </>
        )}
      </PageHead>
      <div class="stack">
        {done && <Note onClose={() => setDone(undefined)}>{done}</Note>}
        {replay && <ReplayProgress key={replay} id={replay} />}
        <LivePlace live={live}>
          {({ dead_letters: all, next }) =>
            all.length === 0 ? (
              <NoLetters />
            ) : (
              <>
                <Filters letters={all} filter={filter} />
                {queues.length > 1 && (
                  <p class="quiet-text">Choose a queue to send all its letters again, or to discard them.</p>
                )}
                <Panel isFlush>
                  {shown.length === 0 ? (
                    <Empty icon="letters" title="No dead letter fits the filters" />
                  ) : (
                    <Table
                      label="Dead letters"
                      columns={COLUMNS}
                      rows={shown}
                      keyOf={({ queue, id }) => `${queue} ${id}`}
                    />
                  )}
                </Panel>
                <p class="quiet-text">
                  {plural(shown.length, "letter")}
                  {next === undefined ? "" : `, of the first ${count(all.length)}: there are more`}
                </p>
              </>
            )
          }
        </LivePlace>
      </div>
      {asked === "replay" && (
        <ReplayDialog
          queue={queue}
          filter={filter}
          onStarted={(id) => setQuery({ replay: id })}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === "discard" && (
        <PurgeQueue
          queue={`${queue}.dead`}
          what="dead letter"
          onDone={say}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

export interface LetterFilter {
  readonly queue: string;
  readonly reason: string;
  readonly task: string;
}

function fits(letter: DeadLetterDocument, { queue, reason, task }: LetterFilter): boolean {
  return [
    [queue, letter.queue],
    [reason, letter.reason],
    [task, letter.task ?? ""],
  ].every(([wanted, value]) => wanted === "" || wanted === value);
}

const FIELDS = ["queue", "reason", "task"] as const;

function Filters({
  letters,
  filter,
}: {
  readonly letters: readonly DeadLetterDocument[];
  readonly filter: LetterFilter;
}): JSX.Element {
  return (
    <div class="filters">
      {FIELDS.map((name) => {
        const counts = new Map<string, number>();
        for (const { [name]: value = "" } of letters) counts.set(value, (counts.get(value) ?? 0) + 1);
        counts.delete("");
        const values = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
        const isGone = filter[name] !== "" && !counts.has(filter[name]);
        const gone: readonly (readonly [string, string])[] = isGone ? [[filter[name], filter[name]]] : [];
        return (
          <SelectField
            key={name}
            label={`By ${name}`}
            isLabelHidden
            name={name}
            value={filter[name]}
            onInput={(value) => setQuery({ [name]: value })}
            options={[
              ["", `All ${name}s`],
              ...values.map(([value, times]) => [value, `${value} (${times})`] as const),
              ...gone,
            ]}
          />
        );
      })}
    </div>
  );
}

function NoLetters(): JSX.Element {
  return (
    <Panel>
      <Empty icon="letters" title="No dead letters">
        <p>
          Here a worker keeps messages that it cannot run: of tasks that it does not know, or that it cannot
          read. They can be looked at, and sent again exactly as they were. To see one, send a task that
          nobody has:
        </p>
        <Code text={FIRST} label="Send a task that nobody has" isShell />
      </Empty>
    </Panel>
  );
}

const FIRST = `curl ${new URL("v1/tasks", location.href)} -H 'Content-Type: application/json' \\
  -d '{"task": "shop.unknown"}'`;
