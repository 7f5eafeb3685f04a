/** Makes all that routes share, from the options of a gateway. Opens nothing. */
import type { App, ClusterEvent, ClusterTask } from "../app/index.ts";
import { Access } from "./access/access.ts";
import { AuditLog } from "./access/audit.ts";
import { Budget } from "./budget.ts";
import { createEventDoor } from "./cloudevents/event-door.ts";
import type { GatewayContext } from "./context.ts";
import { DeadLetterBook } from "./dead-letters/dead-letter-book.ts";
import { ReplayDesk } from "./dead-letters/replay-desk.ts";
import { Dedupe } from "./dedupe/dedupe.ts";
import { EventStreams } from "./event-stream.ts";
import { Fleet } from "./fleet/fleet.ts";
import { HeldTasks } from "./held/held-tasks.ts";
import { holdAfterSeconds } from "./held/hold-policy.ts";
import { createHistory } from "./history/create-history.ts";
import { createHookDoor } from "./hooks/hook-door.ts";
import { Idempotency } from "./idempotency/idempotency.ts";
import { LiveDocuments } from "./live/live-documents.ts";
import { BrokerWatch } from "./lost/broker-watch.ts";
import { Losses } from "./lost/losses.ts";
import { GatewayFacts } from "./metrics/gateway-facts.ts";
import { createMetricsPage } from "./metrics/registry.ts";
import { createTaskIndex } from "./open-task-index.ts";
import { openapiOf } from "./openapi.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLogger, type GatewayOptions } from "./options.ts";
import { Publishing } from "./publishing.ts";
import { QueueBook } from "./queues/queue-book.ts";
import { QueueControl } from "./queues/queue-control.ts";
import { createReadiness } from "./readiness.ts";
import { RequestWatch } from "./requests/request-watch.ts";
import { ROUTES } from "./routes/index.ts";
import { ScheduleBook } from "./schedules/schedule-book.ts";
import { createStateStore } from "./state/open-state.ts";
import { stateOptionsOf } from "./state/state-options.ts";
import { createTaskCheck } from "./task-check.ts";
import { TaskFeed } from "./task-feed.ts";
import { TaskTypes } from "./task-types/task-types.ts";
import { Tracker } from "./tracker.ts";
import { Waits } from "./waits.ts";
import { Webhooks } from "./webhooks/webhooks.ts";
import { WorkflowIndex } from "./workflows/workflow-index.ts";

const DEFAULT_WAIT_MAX_SECONDS = 60;
/** Of workflows that only this process knows. */
const MAX_NODES_IN_MEMORY = 100_000;
const DEFAULT_IDEMPOTENCY_SECONDS = 86_400;
const DEFAULT_LOST_SECONDS = 7 * 86_400;

export function createContext(options: GatewayOptions): GatewayContext {
  const { app } = options;
  const limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
  const logger = options.logger ?? quietLogger(app);
  const onWarning = (message: string, error?: unknown): void => logger.warn({ err: error }, message);
  const place = { ...stateOptionsOf(options), onWarning };
  const index = options.taskIndex ?? createTaskIndex(place);
  const state = options.stateStore ?? createStateStore(place);
  const facts = new GatewayFacts();
  const tracker = new Tracker({
    app,
    index,
    onState: (task, state) => facts.taskState(task, state),
    onWarning,
  });
  const taskFeed = new TaskFeed({ state, tracker, onWarning });
  const history = createHistory({ options: options.history, place, state, index, tracker, taskFeed });
  const holdAfter = options.holdAfterSeconds ?? holdAfterSeconds(app.settings);
  const brokerWatch = new BrokerWatch({ app, state, onWarning });
  const held = new Budget("bytes of bodies are being read", limits.bodyBytesHeld);
  const webhooks = new Webhooks({
    ...(options.access?.publicUrl === undefined ? {} : { publicUrl: options.access.publicUrl }),
    ...options.webhooks,
    ...{ app, state, index, onWarning },
    onAttempt: (outcome, { taskId, task }) => {
      facts.webhookAttempt(outcome);
      // A test of an endpoint is about no task.
      if (task !== "") history?.did("callback", { id: taskId, task }, { detail: outcome });
    },
    // With credentials, those of a caller say it.
    allowTraceback: options.allowTraceback === true && options.access === undefined,
    ...(options.egress === undefined ? {} : { egress: options.egress }),
  });
  const access =
    options.access && new Access(options.access, { state, bodyBytes: limits.bodyBytes, held, logger });
  let openapi: string | undefined;
  const context: GatewayContext = {
    app,
    access,
    audit:
      options.access === undefined && options.auditLog === undefined
        ? undefined
        : new AuditLog({ logger, ...(options.auditLog === undefined ? {} : { path: options.auditLog }) }),
    index,
    state,
    idempotency: new Idempotency({
      state,
      onWarning,
      keepMs: (options.idempotencySeconds ?? DEFAULT_IDEMPOTENCY_SECONDS) * 1000,
    }),
    dedupe: new Dedupe({ app, state }),
    taskTypes: new TaskTypes({ app, state, logger }),
    brokerWatch,
    publishing: new Publishing(app, limits.brokerSilenceMs),
    losses: new Losses({
      app,
      broker: brokerWatch,
      boundMs: (options.lostAfterSeconds ?? DEFAULT_LOST_SECONDS) * 1000,
      holdAfterMs: holdAfter * 1000,
      onLost: (entry, atMs) => history?.lost(entry, atMs),
    }),
    history,
    heldTasks: new HeldTasks({
      app,
      state,
      index,
      onSent: (entry) => history?.did("published", entry, { state: "PENDING" }),
      onWarning,
    }),
    hooks: createHookDoor({ state, hooks: options.hooks, onWarning }),
    events: createEventDoor({ state, events: options.cloudEvents, onWarning }),
    holdAfterSeconds: holdAfter,
    workflows: new WorkflowIndex({
      state,
      ...(options.stateUrl === undefined ? { maxNodes: MAX_NODES_IN_MEMORY } : {}),
    }),
    schedules: new ScheduleBook({ app, place: options.schedules, onWarning }),
    fleet: new Fleet({
      app,
      enableEvents: options.enableTaskEvents ?? true,
      onWarning,
      ...(history?.settings.observed === true
        ? { onTaskEvent: (event: ClusterEvent, task: ClusterTask) => history.heard(event, task) }
        : {}),
    }),
    queues: new QueueBook({ app, queues: options.queues ?? [] }),
    queueControl: new QueueControl(app),
    deadLetters: new DeadLetterBook({ app, limit: limits.deadLetters }),
    replays: new ReplayDesk({
      app,
      state,
      onMoved: ({ taskId: id, task }) => {
        if (id !== undefined) history?.did("replayed", { id, task }, { state: "PENDING" });
      },
      onWarning,
    }),
    webhooks,
    checkTask: createTaskCheck(app),
    revoke: options.revoke ?? ((taskIds, how) => app.revoke(taskIds, how)),
    limits,
    logger,
    tracker,
    taskFeed,
    waits: new Waits(app, limits.waits),
    streams: new EventStreams({
      limit: limits.streams,
      heartbeatMs: limits.heartbeatMs,
      isWelcome: access && ((caller) => access.isStillValid(caller)),
    }),
    live: new LiveDocuments({ onWarning }),
    held,
    waitMaxSeconds: options.waitMaxSeconds ?? DEFAULT_WAIT_MAX_SECONDS,
    allowTraceback: options.allowTraceback === true && access === undefined,
    ready: createReadiness(app),
    facts,
    metricsPage: createMetricsPage(() => context),
    requests: new RequestWatch({ facts, logger, accessLog: options.accessLog ?? false }),
    openapi: () => {
      openapi ??= JSON.stringify(openapiOf(ROUTES));
      return openapi;
    },
  };
  return context;
}

/** Without a logger the app hears of trouble, and of nothing else. */
function quietLogger(app: App): GatewayLogger {
  const warn = (facts: object, message: string): void =>
    app.onWarning(message, "err" in facts ? facts.err : undefined);
  return { debug: () => undefined, info: () => undefined, warn, error: warn, isLevelEnabled: () => false };
}
