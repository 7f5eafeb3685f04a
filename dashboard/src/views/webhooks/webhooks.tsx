import type { JSX } from "preact";
import { PageHead } from "../../parts/page.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { href } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { Endpoints } from "./endpoints.tsx";
import { Incoming } from "./incoming.tsx";
import { Outgoing } from "./outgoing.tsx";

const TABS = [
  ["in", "Coming in"],
  ["out", "Going out"],
  ["endpoints", "Endpoints"],
] as const;

/** Webhooks that come in and become tasks, and callbacks that tell others how tasks end. */
export function WebhooksView({ query }: ViewProps): JSX.Element {
  const [current] = TABS.find(([tab]) => tab === query.get("tab")) ?? TABS[0];
  const tabs = TABS.map(([tab, text]) => ({
    text,
    href: href(["webhooks"], { tab: tab === "in" ? undefined : tab }),
    isCurrent: tab === current,
  }));
  return (
    <>
      <PageHead title="Webhooks" />
      <Tabs label="Parts of webhooks" tabs={tabs} />
      <div class="stack">
        {current === "in" && <Incoming />}
        {current === "out" && <Outgoing status={query.get("status") ?? ""} />}
        {current === "endpoints" && <Endpoints />}
      </div>
    </>
  );
}
