/** The live view of `celerity events`: events into a state, the state onto the screen, keys into actions. */
import { type App, broadcast, ClusterState, createEventReceiver } from "../../app/index.ts";
import { toError } from "../../protocol/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { type Action, pressKey } from "./keys.ts";
import { openTerminal } from "./terminal.ts";
import { type Model, renderScreen } from "./view.ts";

/** Between two drawings at least, and without news at most, in milliseconds. */
const DRAW_MS = 200;
const REDRAW_MS = 1000;

export interface MonitorOptions {
  readonly app: App;
  readonly hasColor: boolean;
  /** Aborted when it must end. */
  readonly signal: AbortSignal;
}

/** Where the app puts its warnings while the screen is taken. */
export interface NoticeBoard {
  show: (message: string) => void;
}

/** Resolves when the user, or the signal, has ended it; the terminal is as before then. */
export async function runMonitor(
  { app, hasColor, signal }: MonitorOptions,
  board: NoticeBoard,
): Promise<void> {
  const broker = splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(" ; ");
  const state = new ClusterState();
  let model: Model = { state, broker, page: "tasks", selected: undefined, isAsking: false, notice: "" };
  let quit = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const notify = (notice: string): void => {
    model = { ...model, notice };
    draw();
  };
  const act = async (action: Action | undefined): Promise<void> => {
    if (action === undefined) return;
    if (action.kind === "quit") return quit();
    try {
      const { uuid, terminate } = action;
      await broadcast(app, "revoke", { arguments: { task_id: uuid, terminate, signal: "SIGTERM" } });
      notify(`Revoked ${uuid}${terminate ? ", and asked to end it" : ""}.`);
    } catch (error) {
      notify(`Not revoked: ${toError(error).message}`);
    }
  };
  const receiver = createEventReceiver({ app, onEvent: (event) => onEvent(event) });
  await receiver.start();

  const terminal = openTerminal(process.stdin, process.stdout, {
    onKey: (key) => {
      const pressed = pressKey(model, key);
      model = pressed.model;
      draw();
      void act(pressed.action);
    },
    onResize: () => draw(),
  });
  const draw = (): void => {
    const { columns, rows } = terminal;
    terminal.draw(renderScreen(model, { columns, rows, hasColor }, Date.now() / 1000));
  };
  let isDue: NodeJS.Timeout | undefined;
  const onEvent = (event: Parameters<ClusterState["event"]>[0]): void => {
    state.event(event);
    isDue ??= setTimeout(() => {
      isDue = undefined;
      draw();
    }, DRAW_MS);
  };
  board.show = notify;
  signal.addEventListener("abort", quit, { once: true });
  const redraw = setInterval(draw, REDRAW_MS);
  try {
    draw();
    await ended;
  } finally {
    clearInterval(redraw);
    clearTimeout(isDue);
    terminal.close();
    await receiver.stop();
  }
}
