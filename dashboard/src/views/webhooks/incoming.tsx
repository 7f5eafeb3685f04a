import type { JSX } from "preact";
import type { HookDelivery, HookDeliveryList, HookDocument, HookList } from "../../lib/documents.ts";
import { bytes, count } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import type { Tone } from "../../lib/states.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Code } from "../../parts/code.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";

const OUTCOMES: Readonly<Record<HookDelivery["outcome"], Tone>> = {
  accepted: "good",
  ignored: "quiet",
  failed: "bad",
  greeted: "running",
};

export function OutcomeBadge({ outcome }: Pick<HookDelivery, "outcome">): JSX.Element {
  return <Badge tone={OUTCOMES[outcome]}>{outcome}</Badge>;
}

const HOOKS: readonly Column<HookDocument>[] = [
  { title: "Hook", isName: true, render: ({ name }) => <code>{name}</code> },
  { title: "Senders prove themselves by", render: proofOf },
  { title: "Sends", render: ({ sends }) => <code>{sends.join(", ")}</code> },
  { title: "Accepted", isNumber: true, render: ({ counts }) => count(counts["accepted"] ?? 0) },
  { title: "Repeated", isNumber: true, render: ({ counts }) => count(counts["duplicate"] ?? 0) },
  {
    title: "Refused",
    isNumber: true,
    render: ({ counts: { refused = 0 } }) =>
      refused === 0 ? "0" : <span class="bad">{count(refused)}</span>,
  },
  {
    title: "Last refusal",
    render: ({ last_refusal: last }) =>
      last === undefined ? (
        "–"
      ) : (
        <>
          {last.reason}, <Age iso={last.at} />
          {last.hint && <p class="quiet-text">{last.hint}</p>}
        </>
      ),
  },
];

function proofOf({ verifier }: HookDocument): JSX.Element | string {
  return verifier === "none" ? <Badge tone="retrying">nothing</Badge> : verifier;
}

const DELIVERIES: readonly Column<HookDelivery>[] = [
  {
    title: "Delivery",
    isName: true,
    render: ({ hook, id, received_at: at }) => (
      <a href={href(["webhooks", "in", hook, id])}>
        {hook}, <Age iso={at} />
      </a>
    ),
  },
  { title: "Outcome", render: ({ outcome }) => <OutcomeBadge outcome={outcome} /> },
  {
    title: "Task",
    render: ({ task, task_id: id, error }) =>
      id === undefined ? (error ?? "–") : <a href={href(["tasks", id])}>{task}</a>,
  },
  { title: "Told apart by", isExtra: true, render: ({ delivery_id: id }) => (id ? <code>{id}</code> : "–") },
  { title: "Size", isNumber: true, render: ({ size }) => bytes(size) },
];

/** Hooks, and what came in. */
export function Incoming(): JSX.Element {
  const hooks = useLive<HookList>("hooks");
  const deliveries = useLive<HookDeliveryList>("hook-deliveries");
  return (
    <LivePlace live={hooks}>
      {({ hooks: all }) =>
        all.length === 0 ? (
          <NoHooks />
        ) : (
          <>
            <Panel title="Hooks" isFlush>
              <Table label="Hooks" columns={HOOKS} rows={all} keyOf={({ name }) => name} />
            </Panel>
            <LivePlace live={deliveries}>
              {({ deliveries: rows }) => (
                <Panel title="Deliveries" isFlush={rows.length > 0}>
                  {rows.length === 0 ? (
                    <p class="quiet-text">
                      Nothing has come in yet. Refused deliveries are counted above, not kept.
                    </p>
                  ) : (
                    <Table
                      label="Deliveries that came in"
                      columns={DELIVERIES}
                      rows={rows}
                      keyOf={({ id }) => id}
                    />
                  )}
                </Panel>
              )}
            </LivePlace>
          </>
        )
      }
    </LivePlace>
  );
}

const FIRST = `curl -X PUT ${new URL("v1/hooks/repo", location.href)} -H 'Content-Type: application/json' \\
  -d '{"verifier": "github", "secrets": ["a-secret-of-16-characters-or-more"],
       "rules": [{"task": "repo.push", "kwargs": {"ref": {"$body": "/ref"}}}]}'`;

function NoHooks(): JSX.Element {
  return (
    <Panel>
      <Empty icon="webhooks" title="No hooks yet">
        <p>
          A hook takes webhooks of others (GitHub, Stripe, your own), checks who sent them, and makes a task
          of each. Make one, and give its address to the sender:
        </p>
        <Code text={FIRST} label="Make a hook with curl" isShell />
      </Empty>
    </Panel>
  );
}
