import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, request, segment, send } from "../../lib/api.ts";
import type { QueueDocument } from "../../lib/documents.ts";
import { plural } from "../../lib/format.ts";
import { Confirm } from "../../parts/confirm.tsx";

interface Known {
  readonly queue: QueueDocument;
  /** Stands for what is in it. */
  readonly etag: string;
}

/** Removes what waits in a queue, once its name is typed, and only what the reader has been told of. */
export function PurgeQueue({
  queue,
  what = "message",
  onDone,
  onClose,
}: {
  readonly queue: string;
  /** What its messages are called. */
  readonly what?: string;
  readonly onDone: (text: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [known, setKnown] = useState<Known>();
  const [error, setError] = useState<ApiError>();
  const path = `v1/queues/${segment(queue)}`;
  const look = async (): Promise<void> => {
    try {
      const answer = await request(path);
      const etag = answer.headers.get("etag") ?? "";
      setKnown({ queue: (await answer.json()) as QueueDocument, etag });
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
    }
  };
  useEffect(() => void look(), []);

  const purge = async (): Promise<void> => {
    if (known === undefined) throw error ?? new ApiError(0, { detail: "The queue is not known yet." });
    try {
      const headers = { "if-match": known.etag };
      const { purged } = await send<{ readonly purged: number }>("POST", `${path}:purge`, undefined, headers);
      onDone(`${plural(purged, what)} removed from ${queue}.`);
    } catch (reason) {
      // More or less waits by now: say how much, and let the reader decide again.
      if (reason instanceof ApiError && reason.status === 412) await look();
      throw reason;
    }
  };
  return (
    <Confirm
      title={`Purge ${queue}`}
      verb="Purge"
      isDangerous
      typed={queue}
      onConfirm={purge}
      onClose={onClose}
    >
      <p>
        {known === undefined ? "All messages" : <strong>{plural(known.queue.ready, what)}</strong>} that wait
        in {queue} {known?.queue.ready === 1 ? "is" : "are"} removed for good: nothing brings them back.
        Nothing is done if it holds more or less by then.
      </p>
    </Confirm>
  );
}
