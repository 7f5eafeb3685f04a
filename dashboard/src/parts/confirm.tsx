import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../lib/api.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ErrorNote } from "./error-note.tsx";
import { TextField } from "./field.tsx";

export interface ConfirmProps {
  readonly title: string;
  /** What will happen, and what cannot be undone. */
  readonly children: ComponentChildren;
  /** The verb on the button: `Revoke`. */
  readonly verb: string;
  readonly isDangerous?: boolean;
  /** For what destroys: this must be typed first, such as the queue's name. */
  readonly typed?: string;
  /** Does it. A rejection with ApiError is shown, and the dialog stays. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something is done, does it, and says why it failed. */
export function Confirm({
  title,
  children,
  verb,
  isDangerous = false,
  typed,
  onConfirm,
  onClose,
}: ConfirmProps): JSX.Element {
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const isReady = typed === undefined || text === typed;
  const submit = async (): Promise<void> => {
    if (!isReady || isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="stack confirm-text">{children}</div>
        {typed !== undefined && (
          <TextField label={`Type ${typed} to confirm`} name="typed" value={text} onInput={setText} isCode />
        )}
        {error && <ErrorNote error={error} />}
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={isDangerous ? "danger" : "main"} isBusy={isBusy} isDisabled={!isReady}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
