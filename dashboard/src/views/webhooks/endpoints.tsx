import type { JSX } from "preact";
import type { EndpointDocument, EndpointList } from "../../lib/documents.ts";
import { useLive } from "../../lib/live.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Code } from "../../parts/code.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LivePlace } from "../../parts/live-place.tsx";
import { Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";

const REASONS: Readonly<Record<string, string>> = {
  caller: "somebody disabled it",
  gone: "it answered 410 Gone",
  failing: "nothing reached it for days",
};

/** How an endpoint is. */
export function EndpointHealth({ endpoint }: { readonly endpoint: EndpointDocument }): JSX.Element {
  const { disabled, disabled_reason: reason = "", failing_since: failing } = endpoint;
  if (disabled) {
    return (
      <>
        <Badge tone="gone">disabled</Badge> <span class="quiet-text">{REASONS[reason]}</span>
      </>
    );
  }
  if (failing === undefined) return <Badge tone="good">healthy</Badge>;
  return (
    <>
      <Badge tone="bad">failing</Badge>{" "}
      <span class="quiet-text">
        since <Age iso={failing} />
      </span>
    </>
  );
}

/** Which tasks an endpoint is told of. */
export function subscriptionOf({ subscribe }: EndpointDocument): string {
  if (subscribe === undefined) return "what names it";
  const { tasks = [], on } = subscribe;
  return `${tasks.length === 0 ? "all tasks" : tasks.join(", ")}${on === undefined ? "" : `: ${on.join(", ")}`}`;
}

const COLUMNS: readonly Column<EndpointDocument>[] = [
  { title: "Endpoint", isName: true, render: ({ name }) => <a href={href(["webhooks", name])}>{name}</a> },
  { title: "Health", render: (endpoint) => <EndpointHealth endpoint={endpoint} /> },
  { title: "URL", render: ({ url }) => <code>{url}</code> },
  { title: "Is told of", render: subscriptionOf },
  { title: "Sends", render: ({ mode, format }) => `${mode}, ${format}` },
];

/** Who is told how tasks end. */
export function Endpoints(): JSX.Element {
  const live = useLive<EndpointList>("webhook-endpoints");
  return (
    <LivePlace live={live}>
      {({ endpoints }) => (
        <Panel isFlush>
          {endpoints.length === 0 ? (
            <NoEndpoints />
          ) : (
            <Table label="Endpoints" columns={COLUMNS} rows={endpoints} keyOf={({ name }) => name} />
          )}
        </Panel>
      )}
    </LivePlace>
  );
}

const FIRST = `curl -X PUT ${new URL("v1/webhook-endpoints/billing", location.href)} \\
  -H 'Content-Type: application/json' \\
  -d '{"url": "https://example.com/hooks/tasks", "subscribe": {"tasks": ["billing.*"]}}'`;

function NoEndpoints(): JSX.Element {
  return (
    <Empty icon="webhooks" title="No endpoints yet">
      <p>
        An endpoint is a URL that is told how tasks end, with a secret of its own. The answer shows that once:
      </p>
      <Code text={FIRST} label="Make an endpoint with curl" isShell />
    </Empty>
  );
}
