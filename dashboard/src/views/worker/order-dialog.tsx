import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError, segment, send } from "../../lib/api.ts";
import type { WorkerDetail } from "../../lib/documents.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { TextField } from "../../parts/field.tsx";
import { orderBody, type WorkerOrder } from "./orders.ts";

interface Replies {
  readonly replies: readonly { readonly worker: string; readonly ok?: string; readonly error?: string }[];
}

/** Asks before a worker is told something, with what that takes. */
export function OrderDialog({
  order,
  worker,
  given = {},
  onDone,
  onClose,
}: {
  readonly order: WorkerOrder;
  readonly worker: WorkerDetail;
  /** What the fields begin with. */
  readonly given?: Readonly<Record<string, string>>;
  readonly onDone: (text: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { action, label, verb, text, fields, isDangerous = false } = order;
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ name, initial = "" }) => [name, given[name] ?? initial])),
  );
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const offers = {
    tasks: worker.tasks?.map((task) => task.split(" ", 1)[0] ?? "") ?? [],
    queues: worker.queues ?? [],
  };
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const path = `v1/workers/${segment(worker.name)}:${action}`;
      const { replies } = await send<Replies>("POST", path, orderBody(order, texts));
      const said = replies[0]?.ok;
      onDone(said ? `${worker.name}: ${said}` : `${worker.name} was told: ${label.toLowerCase()}.`);
      onClose();
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
      setBusy(false);
    }
  };
  const wrong = (name: string): string | undefined =>
    error?.errors.find(({ pointer }) => pointer === `/${name}`)?.detail;
  const isShown = error !== undefined && !fields.some(({ name }) => wrong(name) !== undefined);
  return (
    <Dialog title={`${label}: ${worker.name}`} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void submit();
        }}
      >
        <p class="quiet-text">{text}</p>
        {fields.map(({ name, label: title, hint, isNumber, offers: offered }, at) => (
          <TextField
            key={name}
            name={name}
            label={title}
            value={texts[name] ?? ""}
            onInput={(value) => setTexts({ ...texts, [name]: value })}
            error={wrong(name)}
            hasFocus={at === 0}
            {...(hint === undefined ? {} : { hint })}
            {...(isNumber ? { inputMode: "decimal" as const } : { isCode: true })}
            {...(offered === undefined ? {} : { suggestions: offers[offered] })}
          />
        ))}
        {isShown && error && <ErrorNote error={error} />}
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={isDangerous ? "danger" : "main"} isBusy={isBusy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
