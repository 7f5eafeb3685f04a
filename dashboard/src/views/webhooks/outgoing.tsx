import type { JSX } from "preact";
import type { WebhookDelivery, WebhookDeliveryList } from "../../lib/documents.ts";
import { useLive } from "../../lib/live.ts";
import type { Tone } from "../../lib/states.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Code } from "../../parts/code.tsx";
import { Empty } from "../../parts/empty.tsx";
import { SelectField } from "../../parts/field.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href, setQuery } from "../../router.ts";

const TONES: Readonly<Record<WebhookDelivery["status"], Tone>> = {
  pending: "waiting",
  delivered: "good",
  failed: "bad",
};

export function DeliveryBadge({ status }: Pick<WebhookDelivery, "status">): JSX.Element {
  return <Badge tone={TONES[status]}>{status}</Badge>;
}

/** Words for why nothing more is tried. */
export function reasonInWords(reason: string | undefined): string | undefined {
  return reason?.replaceAll("-", " ");
}

const COLUMNS: readonly Column<WebhookDelivery>[] = [
  {
    title: "Delivery",
    isName: true,
    render: ({ id, type }) => <a href={href(["webhooks", "out", id])}>{type}</a>,
  },
  { title: "Status", render: ({ status }) => <DeliveryBadge status={status} /> },
  {
    title: "Task",
    render: ({ task, task_id: id, links }) =>
      links.task === undefined ? "a test" : <a href={href(["tasks", id])}>{task}</a>,
  },
  {
    title: "To",
    render: ({ endpoint, url }) =>
      endpoint === undefined ? <code>{url}</code> : <a href={href(["webhooks", endpoint])}>{endpoint}</a>,
  },
  { title: "Attempts", isNumber: true, render: ({ attempted }) => attempted },
  {
    title: "Next attempt",
    render: ({ next_at: next, reason }) =>
      next === undefined ? (reasonInWords(reason) ?? "–") : <Age iso={next} />,
  },
  { title: "Created", isNumber: true, render: ({ created_at: at }) => <Age iso={at} /> },
];

/** Callbacks, the newest first. */
export function DeliveryTable({ deliveries }: WebhookDeliveryList): JSX.Element {
  return <Table label="Deliveries that go out" columns={COLUMNS} rows={deliveries} keyOf={({ id }) => id} />;
}

export function Outgoing({ status }: { readonly status: string }): JSX.Element {
  const live = useLive<WebhookDeliveryList>("webhook-deliveries");
  return (
    <LivePlace live={live}>
      {({ deliveries }) => {
        const shown = deliveries.filter((delivery) => status === "" || delivery.status === status);
        if (deliveries.length === 0) return <NoDeliveries />;
        return (
          <>
            <div class="filters">
              <SelectField
                label="By status"
                isLabelHidden
                name="status"
                value={status}
                onInput={(value) => setQuery({ status: value })}
                options={[["", "All statuses"], ...Object.keys(TONES).map((one) => [one, one] as const)]}
              />
            </div>
            <Panel isFlush>
              {shown.length === 0 ? (
                <Empty icon="webhooks" title={`No delivery is ${status}`} />
              ) : (
                <DeliveryTable deliveries={shown} />
              )}
            </Panel>
          </>
        );
      }}
    </LivePlace>
  );
}

const FIRST = `curl ${new URL("v1/tasks", location.href)} -H 'Content-Type: application/json' \\
  -d '{"task": "shop.add", "args": [2, 3], "callback": {"url": "https://example.com/hooks/tasks"}}'`;

function NoDeliveries(): JSX.Element {
  return (
    <Panel>
      <Empty icon="webhooks" title="No callbacks yet">
        <p>A task that names a callback tells that URL how it ended, signed, and again until it is heard:</p>
        <Code text={FIRST} label="Send a task with a callback" isShell />
      </Empty>
    </Panel>
  );
}
