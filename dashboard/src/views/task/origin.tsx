import type { JSX } from "preact";
import type { TaskOrigin } from "../../lib/history.ts";
import { Facts, Panel } from "../../parts/page.tsx";

/** The request that a task came with. */
export function Origin({ origin }: { readonly origin: TaskOrigin }): JSX.Element {
  const { method, path, credential, address, user_agent: agent, trace_id: trace } = origin;
  return (
    <Panel title="Sent by">
      <Facts
        facts={[
          [
            "Request",
            <code key="request">
              {method} {path}
            </code>,
          ],
          ["Credential", credential],
          ["Address", address],
          ["User agent", agent],
          ["Trace", trace && <code>{trace}</code>],
        ]}
      />
    </Panel>
  );
}
