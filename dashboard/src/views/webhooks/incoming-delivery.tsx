import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import { fromBase64 } from "../../lib/body-bytes.ts";
import type { HookDelivery } from "../../lib/documents.ts";
import { useLoad } from "../../lib/load.ts";
import { Age } from "../../parts/age.tsx";
import { BodyText } from "../../parts/body-text.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Note } from "../../parts/note.tsx";
import { Facts, PageHead, Panel } from "../../parts/page.tsx";
import { href } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { OutcomeBadge } from "./incoming.tsx";

/** One delivery that came in, with its body. */
export function IncomingDeliveryView({ params, query }: ViewProps): JSX.Element {
  const { hook = "", id = "" } = params;
  const path = `v1/hooks/${segment(hook)}/deliveries/${segment(id)}`;
  const { data, error, reload } = useLoad<HookDelivery>(path);
  const [isAsked, setAsked] = useState(false);
  const [taskId, setTaskId] = useState<string>();
  const replay = async (): Promise<void> => {
    const answer = await send<{ readonly id: string }>("POST", `${path}:replay`);
    setTaskId(answer.id);
    announce("Replayed");
  };
  return (
    <>
      <PageHead
        title={`Delivery to ${hook}`}
        above={
          <a class="back" href="#/webhooks">
            Webhooks
          </a>
        }
      >
        {data && (
          <Button icon="retry" onClick={() => setAsked(true)}>
            Replay
          </Button>
        )}
      </PageHead>
      <div class="stack">
        {taskId && (
          <Note onClose={() => setTaskId(undefined)}>
            It was replayed, as a task of its own. <a href={href(["tasks", taskId])}>See the task</a>
          </Note>
        )}
        {error && <ErrorNote error={error} onRetry={reload} />}
        {data === undefined && !error && <Loading />}
        {data && <Delivery delivery={data} as={query.get("as")} />}
      </div>
      {isAsked && (
        <Confirm
          title={`Replay a delivery to ${hook}`}
          verb="Replay"
          onConfirm={replay}
          onClose={() => setAsked(false)}
        >
          <p>Its bytes go through the rules as they are now, and the task that comes of it is a new one.</p>
        </Confirm>
      )}
    </>
  );
}

function Delivery({
  delivery,
  as,
}: {
  readonly delivery: HookDelivery;
  readonly as: string | null;
}): JSX.Element {
  const { outcome, task, task_id: taskId, rule, delivery_id: apart, replay_of: of, hook, headers } = delivery;
  return (
    <>
      <Panel title="What became of it">
        <Facts
          facts={[
            ["Outcome", <OutcomeBadge key="outcome" outcome={outcome} />],
            ["Received", <Age key="at" iso={delivery.received_at} />],
            ["Task", taskId && <a href={href(["tasks", taskId])}>{task}</a>],
            ["Rule that fitted", rule === undefined ? undefined : `number ${rule + 1}`],
            ["Told apart by", apart && <code>{apart}</code>],
            ["Repeats", of && <a href={href(["webhooks", "in", hook, of])}>an earlier delivery</a>],
            ["Error", delivery.error],
          ]}
        />
      </Panel>
      <BodyText bytes={bytesOf(delivery)} as={as} />
      <Panel title="Headers">
        <Facts facts={Object.entries(headers)} />
      </Panel>
    </>
  );
}

function bytesOf({ body, body_base64: base64 }: HookDelivery): Uint8Array {
  return base64 === undefined ? new TextEncoder().encode(body ?? "") : fromBase64(base64);
}
