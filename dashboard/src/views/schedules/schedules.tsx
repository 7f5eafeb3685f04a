import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import type { ScheduleDocument, ScheduleList } from "../../lib/documents.ts";
import { count } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { useNow } from "../../lib/now.ts";
import { fullTime } from "../../lib/time.ts";
import { countdown, scheduleInWords } from "../../lib/words.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { Note } from "../../parts/note.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";

type What = "pause" | "resume" | "trigger" | "delete";

interface Asked {
  readonly schedule: ScheduleDocument;
  readonly what: What;
}

/** What happened, and a task that came of it. */
interface Done {
  readonly text: string;
  readonly taskId?: string;
}

/** Tasks that beat sends again and again. */
export function SchedulesView(): JSX.Element {
  const live = useLive<ScheduleList>("schedules");
  const [asked, setAsked] = useState<Asked>();
  const [done, setDone] = useState<Done>();
  const say = (next: Done): void => {
    setDone(next);
    announce(next.text);
  };
  const columns: readonly Column<ScheduleDocument>[] = [
    {
      title: "Schedule",
      isName: true,
      render: ({ name, description }) => (
        <>
          <a href={href(["schedules", name])}>{name}</a>
          {description && <p class="quiet-text">{description}</p>}
        </>
      ),
    },
    { title: "Task", render: ({ task }) => <code>{task}</code> },
    { title: "When", render: (schedule) => scheduleInWords(schedule) },
    { title: "Next", render: (schedule) => <NextRun schedule={schedule} /> },
    {
      title: "Last run",
      render: ({ last_run_at: last }) => (last === undefined ? "never" : <Age iso={last} />),
    },
    { title: "Runs", isNumber: true, render: ({ total_runs: runs }) => count(runs) },
    {
      title: "Actions",
      isActions: true,
      render: (schedule) => (
        <>
          <Button onClick={() => setAsked({ schedule, what: "trigger" })}>Run now</Button>
          {schedule.enabled ? (
            <Button onClick={() => setAsked({ schedule, what: "pause" })}>Pause</Button>
          ) : (
            <Button onClick={() => setAsked({ schedule, what: "resume" })}>Resume</Button>
          )}
          {schedule.origin === "store" && (
            <Button kind="danger" onClick={() => setAsked({ schedule, what: "delete" })}>
              Delete
            </Button>
          )}
        </>
      ),
    },
  ];
  return (
    <>
      <PageHead title="Schedules">
        <ButtonLink href="#/new-schedule" kind="main">
          New schedule
        </ButtonLink>
      </PageHead>
      <div class="stack">
        {done && (
          <Note onClose={() => setDone(undefined)}>
            {done.text} {done.taskId && <a href={href(["tasks", done.taskId])}>See the task</a>}
          </Note>
        )}
        <LivePlace live={live}>
          {({ schedules }) => (
            <Panel isFlush>
              {schedules.length === 0 ? (
                <NoSchedules />
              ) : (
                <Table label="Schedules" columns={columns} rows={schedules} keyOf={({ name }) => name} />
              )}
            </Panel>
          )}
        </LivePlace>
      </div>
      {asked && <Ask {...asked} onDone={say} onClose={() => setAsked(undefined)} />}
    </>
  );
}

function NextRun({
  schedule: { enabled, next_due: due },
}: {
  readonly schedule: ScheduleDocument;
}): JSX.Element {
  const nowMs = useNow();
  const [next] = due;
  if (!enabled) return <Badge tone="retrying">paused</Badge>;
  if (next === undefined) return <span class="quiet-text">never</span>;
  return (
    <time dateTime={next} title={fullTime(next)} class="schedules-next">
      {countdown(next, nowMs)}
    </time>
  );
}

const VERBS: Readonly<Record<What, string>> = {
  pause: "Pause",
  resume: "Resume",
  trigger: "Run now",
  delete: "Delete",
};

const TEXTS: Readonly<Record<What, string>> = {
  pause: "Beat sends it no more until it is resumed. A task that was sent already runs all the same.",
  resume: "It runs again from now on; what was due meanwhile is not made up for.",
  trigger: "Its task is sent once, now. Its next run stays as it is.",
  delete: "Beat forgets it, and what it says. Nothing brings it back.",
};

/** Asks, and does it. */
function Ask({
  schedule: { name },
  what,
  onDone,
  onClose,
}: Asked & { readonly onDone: (done: Done) => void; readonly onClose: () => void }): JSX.Element {
  const path = `v1/schedules/${segment(name)}`;
  const act = async (): Promise<void> => {
    if (what === "delete") {
      await send("DELETE", path);
      onDone({ text: `${name} is deleted.` });
    } else if (what === "trigger") {
      const { id, task } = await send<{ readonly id: string; readonly task: string }>(
        "POST",
        `${path}:trigger`,
      );
      onDone({ text: `${task} was sent.`, taskId: id });
    } else {
      await send("POST", `${path}:${what}`);
      onDone({ text: what === "pause" ? `${name} is paused.` : `${name} runs again.` });
    }
  };
  return (
    <Confirm
      title={`${VERBS[what]}: ${name}`}
      verb={VERBS[what]}
      isDangerous={what === "delete"}
      {...(what === "delete" ? { typed: name } : {})}
      onConfirm={act}
      onClose={onClose}
    >
      <p>{TEXTS[what]}</p>
    </Confirm>
  );
}

const FIRST = `curl -X PUT ${new URL("v1/schedules/nightly", location.href)} \\
  -H 'Content-Type: application/json' \\
  -d '{"task": "shop.report", "cron": "0 4 * * *"}'`;

function NoSchedules(): JSX.Element {
  return (
    <Empty icon="schedules" title="No schedules yet">
      <p>
        A schedule sends a task again and again: every minute, at four in the morning, at sunrise. Make one
        with the button above, or so:
      </p>
      <Code text={FIRST} label="Make a schedule with curl" isShell />
      <p>Beat sends them; it must run once, somewhere:</p>
      <Code text="celerity beat -A ./tasks.js" label="Start beat" isShell />
    </Empty>
  );
}
