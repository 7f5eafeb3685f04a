import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { gatewaySignals, isLost } from "../lib/connection.ts";
import { useStore } from "../lib/store.ts";

const LOOK_MS = 10_000;
/** While something is wrong. */
const LOOK_AGAIN_MS = 2000;

interface State {
  readonly tone: "unknown" | "ready" | "lost";
  readonly text: string;
}

/** Whether the gateway answers, and its broker. */
export function Health(): JSX.Element {
  const [state, setState] = useState<State>({ tone: "unknown", text: "Connecting" });
  const isStreamLost = useStore(isLost);
  // A connection that is lost, or back, is a reason to look.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const look = async (): Promise<void> => {
      const next = await ask();
      if (isOver) return;
      setState(next);
      if (next.tone === "ready") gatewaySignals.dispatchEvent(new Event("back"));
      timer = setTimeout(() => void look(), next.tone === "ready" ? LOOK_MS : LOOK_AGAIN_MS);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isStreamLost]);
  const { tone, text } =
    isStreamLost && state.tone === "ready" ? { tone: "unknown" as const, text: "Reconnecting" } : state;
  return (
    <p class="health" id="health" role="status" data-tone={tone} title={text}>
      <span class="dot" aria-hidden="true" />
      <span id="health-text">{text}</span>
    </p>
  );
}

async function ask(): Promise<State> {
  try {
    const { ready, reason } = (await (await fetch("readyz")).json()) as { ready?: boolean; reason?: string };
    return ready ? { tone: "ready", text: "Ready" } : { tone: "lost", text: reason ?? "Not ready" };
  } catch {
    return { tone: "lost", text: "No connection" };
  }
}
