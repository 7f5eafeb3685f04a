import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { ApiError, getText, segment, send } from "../../lib/api.ts";
import { fromBase64 } from "../../lib/body-bytes.ts";
import type { DeadLetterDetail } from "../../lib/documents.ts";
import { memberText } from "../../lib/json-text.ts";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import { BodyText } from "../../parts/body-text.tsx";
import { Button } from "../../parts/button.tsx";
import { JsonText } from "../../parts/code.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { Note } from "../../parts/note.tsx";
import { Facts, PageHead, Panel } from "../../parts/page.tsx";
import { href, navigate } from "../../router.ts";
import type { ViewProps } from "../../view.ts";

interface Known {
  readonly letter: DeadLetterDetail;
  /** JSON text: numbers stay as they were. */
  readonly headers: string;
}

/** One dead letter, whole. */
export function DeadLetterView({ params, query }: ViewProps): JSX.Element {
  const { queue = "", id = "" } = params;
  const path = `v1/dead-letters/${segment(queue)}/${segment(id)}`;
  const [known, setKnown] = useState<Known>();
  const [error, setError] = useState<ApiError>();
  const [asked, setAsked] = useState<"replay" | "discard">();
  const [sent, setSent] = useState<{ readonly taskId: string | undefined }>();
  useEffect(() => {
    const stop = new AbortController();
    getText(path, {}, stop.signal).then(
      (text) => setKnown({ letter: JSON.parse(text), headers: memberText(text, "headers") ?? "{}" }),
      (reason: unknown) => {
        if (stop.signal.aborted) return;
        if (!(reason instanceof ApiError)) throw reason;
        setError(reason);
      },
    );
    return () => stop.abort();
  }, [path]);
  const replay = async (): Promise<void> => {
    const answer = await send<{ readonly id?: string }>("POST", `${path}:replay`);
    setSent({ taskId: answer.id });
    announce("Sent again");
  };
  const discard = async (): Promise<void> => {
    await send("DELETE", path);
    announce("Discarded");
    navigate(href(["dead-letters"], { queue }));
  };
  return (
    <>
      <PageHead
        title={known?.letter.task ?? "Dead letter"}
        above={
          <a class="back" href={href(["dead-letters"], { queue })}>
            Dead letters
          </a>
        }
      >
        {known && !sent && (
          <>
            <Button icon="retry" onClick={() => setAsked("replay")}>
              Send again
            </Button>
            <Button kind="danger" onClick={() => setAsked("discard")}>
              Discard
            </Button>
          </>
        )}
      </PageHead>
      <div class="stack">
        {sent && (
          <Note>
            It was sent again, and is no dead letter any more.{" "}
            {sent.taskId && <a href={href(["tasks", sent.taskId])}>See the task</a>}
          </Note>
        )}
        {error && <ErrorNote error={error} />}
        {known === undefined && !error && <Loading />}
        {known && <Letter {...known} as={query.get("as")} />}
      </div>
      {asked === "replay" && (
        <Confirm
          title={`Send again: ${known?.letter.task ?? id}`}
          verb="Send again"
          onConfirm={replay}
          onClose={() => setAsked(undefined)}
        >
          <p>
            To the queue it came from, as it was: the same bytes, the same id. Mend first what made it fail,
            or it comes back.
          </p>
        </Confirm>
      )}
      {asked === "discard" && (
        <Confirm
          title={`Discard: ${known?.letter.task ?? id}`}
          verb="Discard"
          isDangerous
          onConfirm={discard}
          onClose={() => setAsked(undefined)}
        >
          <p>The message is removed for good: nothing brings it back.</p>
        </Confirm>
      )}
    </>
  );
}

function Letter({ letter, headers, as }: Known & { readonly as: string | null }): JSX.Element {
  const { reason, detail, queue, worker, task_id: taskId, died_at: died } = letter;
  return (
    <>
      <Panel title="Why it is here">
        <div class="stack">
          <p>
            <Badge tone="bad">{reason}</Badge> {detail}
          </p>
          <Facts
            facts={[
              ["Queue", queue],
              ["Died", died && <Age iso={died} />],
              ["Refused by", worker],
              ["Task's id", taskId && <a href={href(["tasks", taskId])}>{taskId}</a>],
              ["Content type", letter.content_type],
              ["Content encoding", letter.content_encoding],
            ]}
          />
        </div>
      </Panel>
      <BodyText bytes={fromBase64(letter.body_base64)} as={as} />
      <Panel title="Headers">
        <JsonText text={headers} label="Headers" />
      </Panel>
    </>
  );
}
