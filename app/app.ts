/** The app: settings, tasks, and the connections they share. Named after celery.Celery. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { compressesResults, createBackend, type ResultBackend, type WaitOptions } from "../backends/index.ts";
import type { CanvasCall } from "../canvas/index.ts";
import { type Codecs, createCodecs, createResultEncoding } from "../codecs/index.ts";
import {
  ConfigurationError,
  fromResultTuple,
  type ResultNode,
  type Signature,
  toResultTuple,
} from "../protocol/index.ts";
import {
  createReconnectingConnection,
  createTransport,
  type ReconnectingConnection,
  type ReconnectingOptions,
} from "../transports/index.ts";
import { annotated } from "./annotations.ts";
import { applyCanvas, withFamily } from "./apply-canvas.ts";
import {
  backendOptions,
  brokerOptions,
  brokerUrls,
  type ConnectionUse,
  retryOptions,
} from "./broker-options.ts";
import type { CanvasCaller, Ending, ResultOf, TypedSignature } from "./canvas/index.ts";
import type { ControlHandler } from "./control-command.ts";
import { addChild } from "./current-task.ts";
import { eagerBackendUrl, runEagerly } from "./eager.ts";
import { loadSettings } from "./load-settings.ts";
import { type PeriodicOptions, type PeriodicTask, toPeriodicTask } from "./periodic-task.ts";
import {
  type Caller,
  createProducer,
  type PreparedTask,
  type Producer,
  type SendOptions,
} from "./producer.ts";
import { CONNECTION_PART, PublishDeadlines } from "./publish-deadlines.ts";
import { broadcast } from "./remote-control.ts";
import {
  type AnyResult,
  AsyncResult,
  type GroupResult,
  isGroupResult,
  noResultBackend,
  type ResultHost,
  type RevokeOptions,
  resultFromNode,
  resultOf,
} from "./results/index.ts";
import { createRouter, type Router } from "./routing.ts";
import { createSealing, type Sealing } from "./sealing.ts";
import { withAuth } from "./security.ts";
import { sendSentEvent } from "./sent-event.ts";
import type { Settings } from "./settings.ts";
import { type SignalListener, type SignalName, Signals } from "./signals.ts";
import { type BoundTaskFunction, createTask, type Task, type TaskFunction } from "./task.ts";
import type { TaskOptions } from "./task-options.ts";
import { createTaskRef, type TaskRef } from "./task-ref.ts";
import { traceSend } from "./tracing.ts";

/** What `createApp` takes: Celery's settings, and this app's surroundings. */
export interface AppOptions extends Partial<Settings> {
  /** Where settings are read that the code does not give; default process.env, {} for none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Serializers and compressors beyond the built-in ones. */
  readonly codecs?: Codecs;
  /** Told about trouble that no call is waiting for. Default: a process warning. */
  readonly onWarning?: (message: string, error?: unknown) => void;
}

/** What a connection is for, and what to tell its owner. */
export interface OpenOptions
  extends Pick<ReconnectingOptions, "onConnected" | "onLost">,
    Partial<Pick<ReconnectingOptions, "deadlineMs">> {
  /** Default: "publish". */
  readonly use?: ConnectionUse;
}

export function createApp(options: AppOptions = {}): App {
  return new App(options);
}

export class App implements Caller, CanvasCaller, ResultHost {
  readonly settings: Settings;
  readonly codecs: Codecs;
  /** For reading arguments and results: the same, unless the setting exactFloats is on. */
  readonly valueCodecs: Codecs;
  readonly router: Router;
  readonly producer: Producer;
  readonly sealing: Sealing;
  /** Node name of this process as a sender: `gen123@host`. */
  readonly origin: string = `gen${process.pid}@${hostname()}`;
  /** Queue for rpc results of this process. */
  readonly replyTo: string = randomUUID();
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Listeners of this app; {@link on} adds one. */
  readonly signals: Signals;
  readonly #tasks = new Map<string, Task>();
  readonly #controlCommands = new Map<string, ControlHandler>();
  readonly #periodicTasks = new Map<string, PeriodicTask>();
  #connection: Promise<ReconnectingConnection> | undefined;
  #backend: Promise<ResultBackend> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ env, codecs, onWarning, ...settings }: AppOptions) {
    this.onWarning = onWarning ?? warnProcess;
    this.settings = loadSettings(settings, env ?? process.env, this.onWarning);
    this.signals = new Signals(this.onWarning);
    this.#deadlines = new PublishDeadlines(this.settings.taskPublishDeadline);
    this.#firstBrokerUrl = brokerUrls(this.settings, "publish")[0] ?? "";
    this.codecs = withAuth(this.settings, codecs ?? createCodecs(), this.onWarning);
    const isExact = this.settings.exactFloats && codecs === undefined;
    this.valueCodecs = isExact
      ? withAuth(this.settings, createCodecs({ exactFloats: true }), () => undefined)
      : this.codecs;
    this.router = createRouter(this.settings);
    this.sealing = createSealing(this.settings, this.onWarning);
    this.producer = createProducer({
      settings: this.settings,
      router: this.router,
      codecs: this.codecs,
      taskOptions: (name) => this.#tasks.get(name)?.options,
      replyTo: this.replyTo,
      origin: this.origin,
    });
  }

  /** Calls the listener whenever it happens, in this process; returns what stops that. */
  on<Name extends SignalName>(name: Name, listener: SignalListener<Name>): () => void {
    return this.signals.on(name, listener);
  }

  /** Remote control commands of this app's own, by name. */
  get controlCommands(): ReadonlyMap<string, ControlHandler> {
    return this.#controlCommands;
  }

  /** Adds a command that `celerity inspect <name>` and `app.control.broadcast("<name>")` of Celery call in every worker. */
  controlCommand(name: string, handler: ControlHandler): void {
    if (this.#controlCommands.has(name))
      throw new ConfigurationError(`A control command named "${name}" is there already.`);
    this.#controlCommands.set(name, handler);
  }

  /** What {@link addPeriodicTask} added, by name. */
  get periodicTasks(): ReadonlyMap<string, PeriodicTask> {
    return this.#periodicTasks;
  }

  /**
   * Has beat send a task again and again: `schedule` is a number of seconds, a cron line, or a schedule of `celerity/beat`.
   * Beside the setting beatSchedule; both are read when beat starts. Returns the entry's name.
   * Source: celery/app/base.py Celery.add_periodic_task.
   */
  addPeriodicTask(schedule: unknown, signature: Signature, options: PeriodicOptions = {}): string {
    const [name, task] = toPeriodicTask(schedule, signature, options);
    this.#periodicTasks.set(name, task);
    return name;
  }

  /** Registered tasks by name. */
  get tasks(): ReadonlyMap<string, Task> {
    return this.#tasks;
  }

  /** Registers a task. With `bind: true` the function's first parameter is its context. */
  task<Args extends readonly unknown[], Result>(
    name: string,
    fn: TaskFunction<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    options: TaskOptions & { readonly bind: true },
    fn: BoundTaskFunction<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    options: TaskOptions & { readonly bind?: false },
    fn: TaskFunction<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    ...rest: readonly [(...args: never[]) => unknown] | readonly [TaskOptions, (...args: never[]) => unknown]
  ): Task<Args, Result> {
    const [given, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
    const options = annotated(name, given, this.settings.taskAnnotations);
    if (this.#tasks.has(name)) throw new ConfigurationError(`A task named "${name}" is registered already.`);
    const task = createTask<Args, Result>({ name, options, fn }, this);
    this.#tasks.set(name, task as unknown as Task);
    return task;
  }

  /** A task of another worker, by name, with the types of its parameters and its result. */
  taskRef<Args extends readonly unknown[] = readonly unknown[], Result = unknown>(
    name: string,
  ): TaskRef<Args, Result> {
    return createTaskRef<Args, Result>(name, this);
  }

  /** Sends a task by name, known here or not. Resolves when the broker has it. */
  async sendTask<Result = unknown>(name: string, options: SendOptions = {}): Promise<AsyncResult<Result>> {
    return this.send<Result>(name, options);
  }

  async send<Result>(name: string, options: SendOptions): Promise<AsyncResult<Result>> {
    this.signals.send("before_task_publish", () => ({ task: name, options }));
    const prepared = await this.producer.prepare(name, options);
    await this.publish(prepared);
    addChild(() => [[prepared.id, null], null]);
    return this.result<Result>(prepared.id);
  }

  /** Publishes what the producer prepared, on a connection of the caller's own where one is given. */
  publish(prepared: PreparedTask, own?: ReconnectingConnection): Promise<void> {
    const isEager = this.settings.taskAlwaysEager && this.#tasks.has(prepared.call.task);
    if (isEager) return runEagerly(this, prepared);
    const published = traceSend(prepared, this.#firstBrokerUrl, (traced) => this.#publish(traced, own));
    return this.#deadlines.watch(prepared.id, published);
  }

  async #publish(prepared: PreparedTask, own: ReconnectingConnection | undefined): Promise<void> {
    const connection = own ?? this.#connected ?? (await this.connection());
    if (this.settings.resultBackend?.startsWith("rpc") === true) await (await this.backend()).prepare?.();
    await this.producer.publish(this.sealing.sealTask(prepared), connection);
    this.signals.send("after_task_publish", () => ({
      task: prepared.call.task,
      taskId: prepared.id,
      headers: prepared.message.headers,
      exchange: prepared.route.exchange,
      routingKey: prepared.route.routingKey,
    }));
    if (this.settings.taskSendSentEvent) await this.#sendSentEvent(connection, prepared);
  }
  #connected: ReconnectingConnection | undefined;
  readonly #firstBrokerUrl: string;
  readonly #deadlines: PublishDeadlines;

  /** The task is sent: a monitor that misses it is no reason for its sender to try again. */
  async #sendSentEvent(connection: ReconnectingConnection, prepared: PreparedTask): Promise<void> {
    try {
      await sendSentEvent(connection, prepared, this);
    } catch (error) {
      this.onWarning("A task-sent event could not be sent", error);
    }
  }

  /** Sends a task and waits for its result; the wait starts before the message leaves, so that nothing is missed. */
  async call<Result>(
    name: string,
    { timeoutMs, signal, onChange, ...send }: SendOptions & WaitOptions,
  ): Promise<Result> {
    this.signals.send("before_task_publish", () => ({ task: name, options: send }));
    const prepared = await this.producer.prepare(name, send);
    const stop = new AbortController();
    const waiting = (await this.backend()).wait(prepared.id, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(onChange === undefined ? {} : { onChange }),
      isNew: true,
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    });
    const published = this.publish(prepared);
    addChild(() => [[prepared.id, null], null]);
    const failed = published.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => {
        stop.abort();
        throw error;
      },
    );
    try {
      return resultOf<Result>(await Promise.race([waiting, failed]));
    } finally {
      // A result can only overtake the broker's confirmation when the broker has the message.
      waiting.catch(() => undefined);
      published.catch(() => undefined);
    }
  }

  /**
   * Sends a canvas: what `chain()`, `group()` and `chord()` of `celerity/canvas` compose, or a signature alone. Resolves to
   * its result when the broker has all its messages. Throws ConfigurationError for a chord without a result store that can
   * have chords.
   */
  async apply<Out, End extends Ending>(
    canvas: TypedSignature<never, Out, End>,
    call: CanvasCall = {},
  ): Promise<ResultOf<Out, End>> {
    // What a canvas results in is what its types say.
    const result = await applyCanvas(this, canvas, withFamily(call));
    addChild(() => toResultTuple(result));
    return this.resultFrom(result) as ResultOf<Out, End>;
  }

  /** A handle on any task's result. */
  result<Result = unknown>(taskId: string): AsyncResult<Result> {
    return new AsyncResult<Result>(taskId, this);
  }

  /** A handle on the results of a group that is known as data. Throws ConfigurationError for the result of a task. */
  groupResult<Result = unknown>(node: ResultNode): GroupResult<Result> {
    const group = this.resultFrom(node);
    if (isGroupResult(group)) return group as GroupResult<Result>;
    throw new ConfigurationError(`Result ${node.id} is a task's, not a group's: it has no children.`);
  }

  /** A handle on a result of a task or a group that is known as data, with all that it is connected with. */
  resultFrom(node: ResultNode): AnyResult {
    return resultFromNode(node, this);
  }

  /** A group that `save()` of any client kept; undefined when there is none. Throws DecodeError `bad_result` for garbage. */
  async restoreGroup<Result = unknown>(groupId: string): Promise<GroupResult<Result> | undefined> {
    const tuple = await (await this.backend()).restoreGroup(groupId);
    return tuple === undefined ? undefined : this.groupResult<Result>(fromResultTuple(tuple));
  }

  /** Tells all workers not to run these tasks; with `terminate` they end those that run. Source: celery/app/control.py. */
  async revoke(taskIds: string | readonly string[], options: RevokeOptions = {}): Promise<void> {
    const { terminate = false, signal = "SIGTERM" } = options;
    await broadcast(this, "revoke", { arguments: { task_id: taskIds, terminate, signal } });
  }

  /** Removes results and groups that are older than resultExpires, where the store does not do so by itself; says how many. */
  async cleanupResults(): Promise<number> {
    return (await this.backend()).cleanup();
  }

  /** The broker connection that this app publishes on, opened on first use. */
  connection(): Promise<ReconnectingConnection> {
    if (this.#closing !== undefined) return Promise.reject(new ConfigurationError("The app is closed."));
    this.#connection ??= this.openConnection().then((connection) => {
      this.#connected = connection;
      return connection;
    });
    return this.#connection;
  }

  /** Opens a further connection to the same broker; the caller closes it. Those that consume say so. */
  async openConnection({ use = "publish", ...hooks }: OpenOptions = {}): Promise<ReconnectingConnection> {
    const { settings, onWarning } = this;
    const transports = await Promise.all(
      brokerUrls(settings, use).map((url) =>
        createTransport({ url, transportOptions: brokerOptions(settings, url), onWarning }),
      ),
    );
    return createReconnectingConnection({
      transports,
      strategy: settings.brokerFailoverStrategy,
      connectTimeoutMs: settings.brokerConnectionTimeout * 1000,
      deadlineMs: settings.taskPublishDeadline * CONNECTION_PART * 1000,
      maxRetries: settings.brokerConnectionMaxRetries,
      ...retryOptions(settings, use),
      onWarning,
      ...hooks,
    });
  }

  /** The result backend, opened on first use. Throws ConfigurationError when there is none. */
  backend(): Promise<ResultBackend> {
    this.#backend ??= this.#openBackend();
    return this.#backend;
  }

  /** True when results are kept at all. */
  get keepsResults(): boolean {
    return this.#resultUrl !== null && !this.#resultUrl.startsWith("disabled");
  }

  get #resultUrl(): string | null {
    const { settings } = this;
    return settings.taskAlwaysEager ? eagerBackendUrl(settings, this.replyTo) : settings.resultBackend;
  }

  async #openBackend(): Promise<ResultBackend> {
    const { settings, valueCodecs: codecs } = this;
    const url = this.#resultUrl;
    if (url === null || !this.keepsResults) throw noResultBackend();
    const compression = compressesResults(url) ? settings.resultCompression : null;
    const encoding = createResultEncoding({
      serializer: codecs.serializer(settings.resultSerializer),
      compressor: compression === null ? undefined : codecs.compressor(compression),
      accept: settings.resultAcceptContent ?? settings.acceptContent,
      codecs,
      limits: { maxBytes: settings.messageMaxBytes, maxDepth: settings.messageMaxDepth },
    });
    const options = {
      url,
      expiresSeconds: settings.resultExpires,
      encoding,
      transportOptions: backendOptions(settings),
      chords: {
        expiresSeconds: settings.resultChordExpires ?? settings.resultExpires,
        joinTimeoutSeconds: settings.resultChordJoinTimeout,
        sweepSeconds: settings.resultChordSweepInterval,
      },
      timezone: settings.timezone ?? "UTC",
      replyTo: this.replyTo,
      onWarning: this.onWarning,
    };
    return createBackend(options, () => this.connection());
  }

  /** Finishes what is being published and closes all connections. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const [connection, backend] = await Promise.allSettled([this.#connection, this.#backend]);
    if (backend.status === "fulfilled") await backend.value?.close();
    if (connection.status === "fulfilled") await connection.value?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function warnProcess(message: string, error?: unknown): void {
  process.emitWarning(
    error === undefined ? message : `${message}: ${error instanceof Error ? error.message : String(error)}`,
    {
      type: "CelerityWarning",
    },
  );
}
