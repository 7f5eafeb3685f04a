import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import type { EndpointDocument, EndpointList, WebhookDeliveryList } from "../../lib/documents.ts";
import { useLive } from "../../lib/live.ts";
import { useLoad } from "../../lib/load.ts";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { Code } from "../../parts/code.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Note } from "../../parts/note.tsx";
import { Facts, PageHead, Panel } from "../../parts/page.tsx";
import { href, navigate } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { EndpointHealth, subscriptionOf } from "../webhooks/endpoints.tsx";
import { DeliveryTable } from "../webhooks/outgoing.tsx";

type What = "enable" | "disable" | "test" | "rotate-secret" | "remove";

const WHAT: Readonly<Record<What, readonly [verb: string, text: string]>> = {
  enable: ["Enable", "It is told of tasks from now on. What failed meanwhile can be delivered again."],
  disable: ["Disable", "Nothing more is sent to it. What is under way fails, and stays in the log."],
  test: [
    "Send a test",
    "An event of the type celery.webhook.test is sent to it, and tried again like any other.",
  ],
  "rotate-secret": [
    "Change the secret",
    "You are shown a new secret, this once. For a day everything is signed with the old one as well.",
  ],
  remove: [
    "Remove",
    "Nothing more is sent to it, and its secret is forgotten. What was sent stays in the log.",
  ],
};

/** One endpoint: how it is, what it was told, and what can be done about it. */
export function EndpointView({ params }: ViewProps): JSX.Element {
  const { name = "" } = params;
  const path = `v1/webhook-endpoints/${segment(name)}`;
  const { data, error, reload } = useLoad<EndpointDocument>(path);
  const [asked, setAsked] = useState<What>();
  const [done, setDone] = useState<string>();
  const [secret, setSecret] = useState<string>();
  // Another one may have changed it.
  const endpoints = useLive<EndpointList>("webhook-endpoints").data;
  useEffect(() => {
    if (endpoints !== undefined) reload();
  }, [endpoints, reload]);
  const say = (text: string): void => {
    setDone(text);
    announce(text);
    reload();
  };
  const act = async (what: What): Promise<void> => {
    if (what === "remove") {
      await send("DELETE", path);
      announce(`${name} is removed.`);
      return navigate(href(["webhooks"], { tab: "endpoints" }));
    }
    const answer = await send<EndpointDocument>("POST", `${path}:${what}`);
    if (what === "rotate-secret") setSecret(answer.secret);
    say(what === "test" ? "A test is on its way." : `${WHAT[what][0]}: done.`);
  };
  return (
    <>
      <PageHead
        title={name}
        above={
          <a class="back" href={href(["webhooks"], { tab: "endpoints" })}>
            Endpoints
          </a>
        }
      >
        {data && <Actions isDisabled={data.disabled} ask={setAsked} />}
      </PageHead>
      <div class="stack">
        {done && <Note onClose={() => setDone(undefined)}>{done}</Note>}
        {secret && (
          <Panel title="The new secret, shown this once">
            <Code text={secret} label="New secret" />
          </Panel>
        )}
        {error && <ErrorNote error={error} onRetry={reload} />}
        {data === undefined && !error && <Loading />}
        {data && <About endpoint={data} />}
        {data && <Deliveries name={name} />}
      </div>
      {asked && (
        <Confirm
          title={`${WHAT[asked][0]}: ${name}`}
          verb={WHAT[asked][0]}
          isDangerous={asked === "remove"}
          {...(asked === "remove" ? { typed: name } : {})}
          onConfirm={() => act(asked)}
          onClose={() => setAsked(undefined)}
        >
          <p>{WHAT[asked][1]}</p>
        </Confirm>
      )}
    </>
  );
}

function Actions({
  isDisabled,
  ask,
}: {
  readonly isDisabled: boolean;
  readonly ask: (what: What) => void;
}): JSX.Element {
  return (
    <>
      <Button onClick={() => ask("test")}>Send a test</Button>
      {isDisabled ? (
        <Button onClick={() => ask("enable")}>Enable</Button>
      ) : (
        <Button onClick={() => ask("disable")}>Disable</Button>
      )}
      <Button onClick={() => ask("rotate-secret")}>Change the secret</Button>
      <Button kind="danger" onClick={() => ask("remove")}>
        Remove
      </Button>
    </>
  );
}

function About({ endpoint }: { readonly endpoint: EndpointDocument }): JSX.Element {
  return (
    <Panel title="About">
      <Facts
        facts={[
          ["Health", <EndpointHealth key="health" endpoint={endpoint} />],
          ["URL", <code key="url">{endpoint.url}</code>],
          ["Is told of", subscriptionOf(endpoint)],
          ["Sends", `${endpoint.mode}, ${endpoint.format}`],
          ["Asked for its consent", endpoint.consent ? "yes" : "no"],
          ["Created", <Age key="created" iso={endpoint.created_at} />],
          ["Changed", <Age key="changed" iso={endpoint.changed_at} />],
        ]}
      />
    </Panel>
  );
}

function Deliveries({ name }: { readonly name: string }): JSX.Element {
  const { data, error, reload } = useLoad<WebhookDeliveryList>("v1/webhook-deliveries", { endpoint: name });
  const changed = useLive<WebhookDeliveryList>("webhook-deliveries").data;
  useEffect(() => {
    if (changed !== undefined) reload();
  }, [changed, reload]);
  const rows = data?.deliveries ?? [];
  return (
    <Panel title="What it was told" isFlush={rows.length > 0}>
      {error && <ErrorNote error={error} onRetry={reload} />}
      {data && rows.length === 0 && (
        <p class="quiet-text">Nothing yet. Send a test to see whether it is heard.</p>
      )}
      {rows.length > 0 && <DeliveryTable deliveries={rows} />}
    </Panel>
  );
}
