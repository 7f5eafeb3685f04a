import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError, send } from "../../lib/api.ts";
import type { ReplayDocument } from "../../lib/documents.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { TextField } from "../../parts/field.tsx";
import type { LetterFilter } from "./dead-letters.tsx";

/** Has all dead letters of a queue sent again that fit the filters, at a rate. */
export function ReplayDialog({
  queue,
  filter: { reason, task },
  onStarted,
  onClose,
}: {
  readonly queue: string;
  readonly filter: LetterFilter;
  readonly onStarted: (id: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [rate, setRate] = useState("10");
  const [toQueue, setToQueue] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const wrong = (pointer: string): string | undefined =>
    error?.errors.find((one) => one.pointer === pointer)?.detail;
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    const body = {
      queue,
      ...(toQueue.trim() === "" ? {} : { to_queue: toQueue.trim() }),
      filter: { ...(reason === "" ? {} : { reason }), ...(task === "" ? {} : { task }) },
      rate_per_s: /^\d+(\.\d+)?$/.test(rate.trim()) ? Number(rate) : rate,
    };
    try {
      const { id } = await send<ReplayDocument>("POST", "v1/replays", body);
      onStarted(id);
      onClose();
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      setError(thrown);
      setBusy(false);
    }
  };
  const which = [reason && `with the reason ${reason}`, task && `of the task ${task}`]
    .filter(Boolean)
    .join(" and ");
  const isAtField = wrong("/rate_per_s") !== undefined || wrong("/to_queue") !== undefined;
  return (
    <Dialog title={`Send the dead letters of ${queue} again`} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void submit();
        }}
      >
        <p class="quiet-text">
          {which === "" ? "All of them" : `All ${which}`}: the same bytes, the same ids. Mend first what made
          them fail, or they come back.
        </p>
        <TextField
          label="Letters in a second"
          name="rate"
          value={rate}
          onInput={setRate}
          hint="0.1 to 1000, evenly spaced"
          inputMode="decimal"
          error={wrong("/rate_per_s")}
          hasFocus
        />
        <TextField
          label="To the queue"
          name="to_queue"
          value={toQueue}
          onInput={setToQueue}
          hint="Default: where each came from."
          isCode
          error={wrong("/to_queue")}
        />
        {error && !isAtField && <ErrorNote error={error} />}
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" isBusy={isBusy}>
            Send them again
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
