import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import type { WebhookAttempt, WebhookDelivery } from "../../lib/documents.ts";
import { useLoad } from "../../lib/load.ts";
import { duration } from "../../lib/time.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Note } from "../../parts/note.tsx";
import { Facts, PageHead, Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { DeliveryBadge, reasonInWords } from "./outgoing.tsx";

const LOOK_MS = 2000;

/** One callback, with its attempts. */
export function OutgoingDeliveryView({ params }: ViewProps): JSX.Element {
  const { id = "" } = params;
  const path = `v1/webhook-deliveries/${segment(id)}`;
  const { data, error, reload } = useLoad<WebhookDelivery>(path);
  const [isAsked, setAsked] = useState(false);
  const [isDone, setDone] = useState(false);
  const isPending = data?.status === "pending";
  useEffect(() => {
    if (!isPending) return;
    const timer = setInterval(reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [isPending, reload]);
  const redeliver = async (): Promise<void> => {
    await send("POST", `${path}:redeliver`);
    setDone(true);
    announce("It will be delivered again.");
    reload();
  };
  return (
    <>
      <PageHead
        title={data?.type ?? "Delivery"}
        above={
          <a class="back" href={href(["webhooks"], { tab: "out" })}>
            Going out
          </a>
        }
      >
        {data && (
          <Button icon="retry" onClick={() => setAsked(true)}>
            Deliver again
          </Button>
        )}
      </PageHead>
      <div class="stack">
        {isDone && <Note onClose={() => setDone(false)}>It will be delivered again, now.</Note>}
        {error && <ErrorNote error={error} onRetry={reload} />}
        {data === undefined && !error && <Loading />}
        {data && <Delivery delivery={data} />}
      </div>
      {isAsked && data && (
        <Confirm
          title={`Deliver again to ${data.endpoint ?? data.url}`}
          verb="Deliver again"
          onConfirm={redeliver}
          onClose={() => setAsked(false)}
        >
          <p>
            Now, and on the whole schedule if it fails. The webhook-id and the body are the same, so that a
            receiver knows what it has.
          </p>
        </Confirm>
      )}
    </>
  );
}

const ATTEMPTS: readonly Column<WebhookAttempt>[] = [
  { title: "Attempt", isName: true, render: ({ attempt }) => `Attempt ${attempt}` },
  { title: "When", render: ({ at }) => <Age iso={at} /> },
  { title: "Took", isNumber: true, render: ({ ms }) => duration(ms) },
  {
    title: "Status",
    render: ({ status }) =>
      status === undefined ? "–" : <Badge tone={status < 300 ? "good" : "bad"}>{status}</Badge>,
  },
  { title: "What it said", render: ({ error, answer }) => error ?? (answer ? <code>{answer}</code> : "–") },
];

function Delivery({ delivery }: { readonly delivery: WebhookDelivery }): JSX.Element {
  const {
    status,
    reason,
    task,
    task_id: taskId,
    endpoint,
    url,
    attempts = [],
    next_at: next,
    links,
  } = delivery;
  return (
    <>
      <Panel title="About">
        <Facts
          facts={[
            ["Status", <DeliveryBadge key="status" status={status} />],
            ["Why no more", reasonInWords(reason)],
            ["Next attempt", next && <Age iso={next} />],
            ["Task", links.task && <a href={href(["tasks", taskId])}>{task}</a>],
            ["Endpoint", endpoint && <a href={href(["webhooks", endpoint])}>{endpoint}</a>],
            ["URL", <code key="url">{url}</code>],
            ["Created", <Age key="at" iso={delivery.created_at} />],
            ["webhook-id", <code key="id">{delivery.id}</code>],
          ]}
        />
      </Panel>
      <Panel title="Attempts" isFlush={attempts.length > 0}>
        {attempts.length === 0 ? (
          <p class="quiet-text">None yet.</p>
        ) : (
          <Table
            label="Attempts"
            columns={ATTEMPTS}
            rows={attempts.toReversed()}
            keyOf={({ attempt, at }) => `${attempt} ${at}`}
          />
        )}
      </Panel>
    </>
  );
}
