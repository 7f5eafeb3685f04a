/** The live view of `celerity events`: events into a state, the state onto the screen, keys into actions. */
import {
  type App,
  broadcast,
  type ClusterEvent,
  ClusterState,
  createEventReceiver,
} from "../../app/index.ts";
import { toError } from "../../protocol/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import { type Action, pressKey } from "./keys.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { type Model, renderScreen } from "./view.ts";

/** Between an event and the drawing that shows it, in milliseconds. */
const DRAW_MS = 200;
/** Between two drawings without news: workers fall silent. */
const REDRAW_MS = 1000;

export interface MonitorOptions {
  readonly app: App;
  readonly hasColor: boolean;
}

export class Monitor {
  readonly #app: App;
  readonly #hasColor: boolean;
  readonly #ended: Promise<void>;
  #model: Model;
  #terminal: Terminal | undefined;
  #drawing: NodeJS.Timeout | undefined;
  #end: () => void = () => undefined;

  constructor({ app, hasColor }: MonitorOptions) {
    this.#app = app;
    this.#hasColor = hasColor;
    const broker = splitBrokerUrls(app.settings.brokerUrl).map(redactUrl).join(" ; ");
    const state = new ClusterState();
    this.#model = { state, broker, page: "tasks", selected: undefined, isAsking: false, notice: "" };
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Resolves when it has ended; the terminal is as before then. */
  async run(): Promise<void> {
    const receiver = createEventReceiver({ app: this.#app, onEvent: (event) => this.#take(event) });
    await receiver.start();
    const redraw = setInterval(() => this.#draw(), REDRAW_MS);
    this.#terminal = openTerminal(process.stdin, process.stdout, {
      onKey: (key) => this.#press(key),
      onResize: () => this.#draw(),
    });
    try {
      this.#draw();
      await this.#ended;
    } finally {
      clearInterval(redraw);
      clearTimeout(this.#drawing);
      this.#terminal.close();
      await receiver.stop();
    }
  }

  end(): void {
    this.#end();
  }

  /** Shows a line of text until the next one. False when there is no screen to show it on. */
  notify(notice: string): boolean {
    this.#model = { ...this.#model, notice };
    this.#draw();
    return this.#terminal !== undefined;
  }

  #take(event: ClusterEvent): void {
    this.#model.state.event(event);
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#draw();
    }, DRAW_MS);
  }

  #press(key: string): void {
    const { model, action } = pressKey(this.#model, key);
    this.#model = model;
    this.#draw();
    if (action?.kind === "quit") this.end();
    if (action?.kind === "revoke") void this.#revoke(action);
  }

  async #revoke({ uuid, terminate }: Extract<Action, { kind: "revoke" }>): Promise<void> {
    try {
      const given = { task_id: uuid, terminate, signal: "SIGTERM" };
      await broadcast(this.#app, "revoke", { arguments: given });
      this.notify(`Revoked ${uuid}${terminate ? ", and asked to end it" : ""}.`);
    } catch (error) {
      this.notify(`Not revoked: ${toError(error).message}`);
    }
  }

  #draw(): void {
    if (this.#terminal === undefined) return;
    const { columns, rows } = this.#terminal;
    const size = { columns, rows, hasColor: this.#hasColor };
    this.#terminal.draw(renderScreen(this.#model, size, Date.now() / 1000));
  }
}
