import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import type { Task } from "../../lib/task.ts";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { href } from "../../router.ts";

type Action = "revoke" | "terminate" | "reschedule";

const SIGNALS = [
  ["SIGTERM", "SIGTERM: ask it to end"],
  ["SIGINT", "SIGINT"],
  ["SIGQUIT", "SIGQUIT"],
  ["SIGUSR1", "SIGUSR1: raise SoftTimeLimitExceeded in it"],
  ["SIGKILL", "SIGKILL: end it at once"],
] as const;

/** What can be done with a task in its present state. */
export function Actions({ task }: { readonly task: Task }): JSX.Element {
  const [open, setOpen] = useState<Action>();
  const { id, state, terminal } = task;
  const isHeld = state === "SCHEDULED";
  const close = (): void => setOpen(undefined);
  return (
    <>
      {isHeld && <Button onClick={() => setOpen("reschedule")}>Reschedule</Button>}
      {!terminal && <Button onClick={() => setOpen("revoke")}>Revoke</Button>}
      {!terminal && !isHeld && (
        <Button kind="danger" onClick={() => setOpen("terminate")}>
          Terminate
        </Button>
      )}
      <ButtonLink href={href(["send"], { again: id })} icon="send">
        Send again
      </ButtonLink>
      {open === "revoke" && <Revoke task={task} onClose={close} />}
      {open === "terminate" && <Terminate task={task} onClose={close} />}
      {open === "reschedule" && <Reschedule task={task} onClose={close} />}
    </>
  );
}

interface DialogProps {
  readonly task: Task;
  readonly onClose: () => void;
}

function Revoke({ task: { id }, onClose }: DialogProps): JSX.Element {
  return (
    <Confirm
      title="Revoke this task?"
      verb="Revoke"
      onClose={onClose}
      onConfirm={async () => {
        await send("POST", `v1/tasks/${segment(id)}:revoke`, {});
        announce("Workers have been told");
      }}
    >
      <p>
        Workers skip it when it comes. If one runs it already, it goes on to its end; to stop that, use
        Terminate. This cannot be taken back.
      </p>
    </Confirm>
  );
}

function Terminate({ task: { id, worker }, onClose }: DialogProps): JSX.Element {
  const [signal, setSignal] = useState("SIGTERM");
  return (
    <Confirm
      title="Terminate this task?"
      verb="Terminate"
      isDangerous
      onClose={onClose}
      onConfirm={async () => {
        await send("POST", `v1/tasks/${segment(id)}:revoke`, { terminate: true, signal });
        announce("Workers have been told");
      }}
    >
      <p>
        The process that runs it{worker ? <code> {worker}</code> : ""} gets a signal. What the task was doing
        is left half done. A task that has not begun is revoked.
      </p>
      <SelectField label="Signal" name="signal" value={signal} onInput={setSignal} options={SIGNALS} />
    </Confirm>
  );
}

function Reschedule({ task: { id }, onClose }: DialogProps): JSX.Element {
  const [delay, setDelay] = useState("60");
  return (
    <Confirm
      title="Give this task another time?"
      verb="Reschedule"
      onClose={onClose}
      onConfirm={async () => {
        const seconds = Number(delay);
        await send("PATCH", `v1/tasks/${segment(id)}`, {
          delay: delay === "" || Number.isNaN(seconds) ? delay : seconds,
        });
        announce("The task has another time");
      }}
    >
      <TextField
        label="Run it in"
        kind="seconds, or a duration such as PT30M"
        name="delay"
        value={delay}
        onInput={setDelay}
        hint="0 sends it now."
        hasFocus
      />
    </Confirm>
  );
}
