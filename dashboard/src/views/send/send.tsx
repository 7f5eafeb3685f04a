import type { JSX } from "preact";
import { Loading } from "../../parts/empty.tsx";
import { PageHead } from "../../parts/page.tsx";
import type { ViewProps } from "../../view.ts";
import { SendForm } from "./send-form.tsx";
import { useDraft } from "./use-draft.ts";

/** Sends a task. */
export function SendView({ query }: ViewProps): JSX.Element {
  const draft = useDraft(query);
  return (
    <div class="send">
      <PageHead title={query.has("again") ? "Send again" : "Send a task"} />
      {draft === undefined ? <Loading /> : <SendForm draft={draft} />}
    </div>
  );
}
