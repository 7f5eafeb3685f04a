/**
 * Celery's settings in camelCase: `task_acks_late` is `taskAcksLate`. Names, units and defaults are Celery 5.7's unless the
 * comment says otherwise; durations are seconds, as in Celery. In the environment a setting is `CELERY_` and its Celery
 * name in capitals (`CELERY_TASK_ACKS_LATE=false`).
 */
import type { FailoverStrategy } from "../transports/index.ts";
import type { QueueSettings, RouteTable } from "./routing.ts";

export interface Settings {
  /** Serializers and content types that may be read. */
  readonly acceptContent: readonly string[];
  /** The same for results; null takes acceptContent. */
  readonly resultAcceptContent: readonly string[] | null;
  /** IANA zone of the app; null is UTC. */
  readonly timezone: string | null;

  /** One URL, a list, or a string with `;` between URLs: tried in turn. */
  readonly brokerUrl: string | readonly string[];
  readonly brokerTransportOptions: Readonly<Record<string, unknown>>;
  /** Seconds for one attempt to connect. */
  readonly brokerConnectionTimeout: number;
  /** Attempts in a row before giving up. Celery stops after 100; null, the default here, never does. */
  readonly brokerConnectionMaxRetries: number | null;
  readonly brokerFailoverStrategy: FailoverStrategy;
  /** Seconds between AMQP heartbeats; 0 turns them off. */
  readonly brokerHeartbeat: number;

  /** Where results are kept, as a URL; null keeps none. */
  readonly resultBackend: string | null;
  readonly resultBackendTransportOptions: Readonly<Record<string, unknown>>;
  /** Seconds a result is kept; 0 keeps it for ever. */
  readonly resultExpires: number;
  readonly resultSerializer: string;
  readonly resultCompression: string | null;
  /** Store name, arguments, worker, retries and queue with the result. */
  readonly resultExtended: boolean;
  /** rpc results survive a restart of the broker. */
  readonly resultPersistent: boolean;

  readonly taskSerializer: string;
  readonly taskCompression: string | null;
  readonly taskProtocol: 1 | 2;
  readonly taskDefaultQueue: string;
  readonly taskDefaultQueueType: "classic" | "quorum";
  /** null: the queue's name. */
  readonly taskDefaultExchange: string | null;
  readonly taskDefaultExchangeType: "direct" | "topic";
  /** null: the queue's name. */
  readonly taskDefaultRoutingKey: string | null;
  readonly taskDefaultDeliveryMode: 1 | 2;
  readonly taskDefaultPriority: number | null;
  /** Queues by name; empty means taskDefaultQueue alone. */
  readonly taskQueues: Readonly<Record<string, QueueSettings>>;
  readonly taskRoutes: RouteTable;
  /** A queue that taskQueues does not name is made on first use. */
  readonly taskCreateMissingQueues: boolean;
  /** `x-max-priority` of queues on AMQP. */
  readonly taskQueueMaxPriority: number | null;
  /** Acknowledge after the result is stored. Celery's default is false and loses the task with the process; here it is true. */
  readonly taskAcksLate: boolean;
  /** With late acknowledgement, acknowledge a failed task too; false rejects it to the queue's dead-letter exchange. */
  readonly taskAcksOnFailureOrTimeout: boolean;
  readonly taskIgnoreResult: boolean;
  readonly taskStoreErrorsEvenIfIgnored: boolean;
  /** Store STARTED when a task begins. */
  readonly taskTrackStarted: boolean;
  /** Send a task-sent event with every task. */
  readonly taskSendSentEvent: boolean;
  /** Seconds that publishing may take in all: connecting, sending and the broker's confirmation. Not a Celery setting. */
  readonly taskPublishDeadline: number;

  /** Tasks run at once; null takes the pool's default (solo 1, async 100). */
  readonly workerConcurrency: number | null;
  readonly workerPool: string;
  /** Messages held per slot of concurrency; 0 means no limit. */
  readonly workerPrefetchMultiplier: number;
  readonly workerSendTaskEvents: boolean;
  readonly workerEnableRemoteControl: boolean;
  /** Tasks with an ETA held in memory at most; Celery's default is no limit. */
  readonly workerEtaTaskLimit: number;
  /** Largest message body after decompression, in bytes. Not a Celery setting. */
  readonly messageMaxBytes: number;
  /** Deepest nesting of a message body. Not a Celery setting. */
  readonly messageMaxDepth: number;
}

export const DEFAULT_SETTINGS: Settings = {
  acceptContent: ["json"],
  resultAcceptContent: null,
  timezone: null,
  brokerUrl: "amqp://guest:guest@127.0.0.1:5672//",
  brokerTransportOptions: {},
  brokerConnectionTimeout: 4,
  brokerConnectionMaxRetries: null,
  brokerFailoverStrategy: "round-robin",
  brokerHeartbeat: 120,
  resultBackend: null,
  resultBackendTransportOptions: {},
  resultExpires: 86_400,
  resultSerializer: "json",
  resultCompression: null,
  resultExtended: false,
  resultPersistent: false,
  taskSerializer: "json",
  taskCompression: null,
  taskProtocol: 2,
  taskDefaultQueue: "celery",
  taskDefaultQueueType: "classic",
  taskDefaultExchange: null,
  taskDefaultExchangeType: "direct",
  taskDefaultRoutingKey: null,
  taskDefaultDeliveryMode: 2,
  taskDefaultPriority: null,
  taskQueues: {},
  taskRoutes: {},
  taskCreateMissingQueues: true,
  taskQueueMaxPriority: null,
  taskAcksLate: true,
  taskAcksOnFailureOrTimeout: true,
  taskIgnoreResult: false,
  taskStoreErrorsEvenIfIgnored: false,
  taskTrackStarted: false,
  taskSendSentEvent: false,
  taskPublishDeadline: 5,
  workerConcurrency: null,
  workerPool: "async",
  workerPrefetchMultiplier: 4,
  workerSendTaskEvents: false,
  workerEnableRemoteControl: true,
  workerEtaTaskLimit: 1000,
  messageMaxBytes: 16 * 1024 * 1024,
  messageMaxDepth: 200,
};
