/**
 * Celery's settings in camelCase: `task_acks_late` is `taskAcksLate`. Names, units and defaults are Celery 5.7's unless the
 * comment says otherwise; durations are seconds, as in Celery. In the environment a setting is `CELERY_` and its Celery
 * name in capitals (`CELERY_TASK_ACKS_LATE=false`).
 */
import type { FailoverStrategy } from "../transports/index.ts";
import type { TaskAnnotations } from "./annotations.ts";
import { CONNECTION_DEFAULTS, type ConnectionSettings } from "./connection-settings.ts";
import { HTTP_TASK_DEFAULTS, type HttpTaskSettings } from "./http-task-settings.ts";
import { MONITOR_DEFAULTS, type MonitorSettings } from "./monitor-settings.ts";
import type { PeriodicTask } from "./periodic-task.ts";
import type { QueueSettings, RouteTable } from "./routing.ts";
import type { SealingMode } from "./sealing.ts";

export interface Settings extends ConnectionSettings, MonitorSettings, HttpTaskSettings {
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
  /** RabbitMQ: type of the queues that hold delayed messages. */
  readonly brokerNativeDelayedDeliveryQueueType: "classic" | "quorum";

  /** Where results are kept, as a URL; null keeps none. */
  readonly resultBackend: string | null;
  readonly resultBackendTransportOptions: Readonly<Record<string, unknown>>;
  /** Seconds a result is kept; 0 keeps it for ever. */
  readonly resultExpires: number;
  /** Seconds that a FAILURE is kept, in Redis; null takes resultExpires. */
  readonly resultFailureExpires: number | null;
  /** Seconds that a chord is counted after the last end of a member; null takes resultExpires. */
  readonly resultChordExpires: number | null;
  /** Seconds that the completed header of a chord waits for results of groups in it. */
  readonly resultChordJoinTimeout: number;
  /** Seconds between two looks of `celery.chord_unlock` at a header. */
  readonly resultChordRetryInterval: number;
  /** Seconds between two looks at chords that may be stuck; 0 never looks. Not a Celery setting. */
  readonly resultChordSweepInterval: number;
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
  /** Type of such a queue. */
  readonly taskCreateMissingQueueType: "classic" | "quorum";
  /** Exchange type of such a queue; null is direct. */
  readonly taskCreateMissingQueueExchangeType: "direct" | "topic" | null;
  /** `x-max-priority` of queues on AMQP. */
  readonly taskQueueMaxPriority: number | null;
  /** Acknowledge after the result is stored. Celery's default is false and loses the task with the process; here it is true. */
  readonly taskAcksLate: boolean;
  /** With late acknowledgement: what taskAcksOnFailure and taskAcksOnTimeout are when they are null. */
  readonly taskAcksOnFailureOrTimeout: boolean;
  /** Acknowledge a failed task; false rejects it to the queue's dead-letter exchange. */
  readonly taskAcksOnFailure: boolean | null;
  /** Acknowledge a task that its time limit ended; false gives it back to its queue. */
  readonly taskAcksOnTimeout: boolean | null;
  /** An errback linked to a chord goes to the members of its header too. */
  readonly taskAllowErrorCbOnChordHeader: boolean;
  /** A task whose process dies is run again, at most 3 times; false fails it. Celery's default is false. */
  readonly taskRejectOnWorkerLost: boolean;
  /** A task whose process dies is retried as by `retry()`: after a pause, and not more often than its maxRetries. */
  readonly taskRetryOnWorkerLost: boolean;
  /** Seconds after which a task is ended; null means never. */
  readonly taskTimeLimit: number | null;
  /** Seconds after which a task is asked to stop; null means never. */
  readonly taskSoftTimeLimit: number | null;
  /** Starts of tasks without a limit of their own: `10/s`, `100/m`, `5/h`; null means no limit. */
  readonly taskDefaultRateLimit: string | null;
  readonly taskIgnoreResult: boolean;
  readonly taskStoreErrorsEvenIfIgnored: boolean;
  /** Run tasks inside the call that would send them, for tests: no broker, no worker. */
  readonly taskAlwaysEager: boolean;
  /** A call that runs its task throws what the task throws. */
  readonly taskEagerPropagates: boolean;
  /** Keep results of such calls in the result store. */
  readonly taskStoreEagerResult: boolean;
  /** What links and chains send has the priority of the task that they follow, whatever they say themselves. */
  readonly taskInheritParentPriority: boolean;
  /** Options that tasks get beside their own, by name, `*` for all. */
  readonly taskAnnotations: TaskAnnotations;
  /** Store STARTED when a task begins. */
  readonly taskTrackStarted: boolean;
  /** Send a task-sent event with every task. */
  readonly taskSendSentEvent: boolean;
  /** Seconds that publishing may take in all: connecting, sending and the broker's confirmation. Not a Celery setting. */
  readonly taskPublishDeadline: number;

  /** Tasks run at once; null takes the pool's default (solo 1, async 100). */
  readonly workerConcurrency: number | null;
  /** null, the default: prefork where the worker knows the app's module, as on the command line, else async. */
  readonly workerPool: string | null;
  /** Tasks at once in each process or thread of a pool. Not a Celery setting. */
  readonly workerChildConcurrency: number;
  /** Tasks after which a process is replaced; null means never. */
  readonly workerMaxTasksPerChild: number | null;
  /** Resident memory in KiB beyond which a process is replaced after its task; null means never. */
  readonly workerMaxMemoryPerChild: number | null;
  /** Messages held per slot of concurrency; 0 means no limit. */
  readonly workerPrefetchMultiplier: number;
  /** Hold no message beyond those that run; as a multiplier of 1 where messages are acknowledged late. */
  readonly workerDisablePrefetch: boolean;
  /** After the connection was lost, hold fewer messages while tasks run that it had brought. */
  readonly workerEnablePrefetchCountReduction: boolean;
  /** Consume a queue of the worker's own too, `<node name>.dq2` on the exchange `C.dq2`. */
  readonly workerDirect: boolean;
  /** A task that is handed out again and has a SUCCESS in the result store is not run. */
  readonly workerDeduplicateSuccessfulTasks: boolean;
  /** End what runs when the connection that brought it is lost: it is handed out again. */
  readonly workerCancelLongRunningTasksOnConnectionLoss: boolean;
  /** Redis URL where workers share their rate limits; null: each counts for itself. Not a Celery setting. */
  readonly workerRateLimitStore: string | null;
  readonly workerDisableRateLimits: boolean;
  /** Secrets (`whsec_...`) that sign calls of the pools that run tasks elsewhere. */
  readonly workerPoolSecrets: readonly string[];
  /** Remote control may replace the processes of a pool. */
  readonly workerPoolRestarts: boolean;
  /** Seconds that a cold shutdown gives running tasks before; 0 gives none. */
  readonly workerSoftShutdownTimeout: number;
  /** Wait so long even when nothing runs. */
  readonly workerEnableSoftShutdownOnIdle: boolean;
  /** File that keeps revoked tasks across restarts. */
  readonly workerStateDb: string | null;
  readonly workerSendTaskEvents: boolean;
  readonly workerEnableRemoteControl: boolean;
  /** Tasks with an ETA held in memory at most; Celery's default is no limit. */
  readonly workerEtaTaskLimit: number;
  /** Seconds to its ETA beyond which a task is left with the broker, however few are held; null: none is. Not a Celery setting. */
  readonly workerEtaParkAfter: number | null;
  /** RabbitMQ: limit the prefetch of quorum queues one by one. */
  readonly workerDetectQuorumQueues: boolean;

  // Beat (docs/beat.md).
  /** What beat sends, by name. */
  readonly beatSchedule: Readonly<Record<string, PeriodicTask>>;
  /** Seconds that beat sleeps at most; 0: 300, or 5 where schedules may change while it runs. */
  readonly beatMaxLoopInterval: number;
  /** Runs after which beat writes its file; 0, the default: after each. Celery's 0 means every 3 minutes. */
  readonly beatSyncEvery: number;
  /** Seconds after which a crontab's missed run is left out; null: never. */
  readonly beatCronStartingDeadline: number | null;
  /** Where schedules are that may change: `file`, `database` (that of the results or the broker), or a SQL URL. */
  readonly beatScheduler: string;
  /** Beat's file without a lock store; ours has `.json` added and is not Celery's. */
  readonly beatScheduleFilename: string;
  /** Redis, SQL or AMQP URL where several beats agree on the one that sends; null: there is only one. Not a Celery setting. */
  readonly beatLock: string | null;
  /** Name of the beats that agree on one; another for each app at the same URL. Not a Celery setting. */
  readonly beatLockName: string;

  /** Path of the RSA private key that `auth` signs with, PEM. */
  readonly securityKey: string | null;
  readonly securityKeyPassword: string | null;
  /** Path of that key's certificate, PEM. */
  readonly securityCertificate: string | null;
  /** Directory or glob pattern of the certificates whose signatures `auth` takes. */
  readonly securityCertStore: string | null;
  readonly securityDigest: string;
  /** File, directory or glob pattern of authorities, one of which must have issued them. Not a Celery setting. */
  readonly securityCaCertificates: string | null;
  /** File, directory or glob pattern of revocation lists. Not a Celery setting. */
  readonly securityRevocationList: string | null;

  /**
   * Read a float without a fraction (`1.0`) in arguments and results as a Float, so that it stays a float when it is sent on.
   * For the built-in serializers. Not a Celery setting.
   */
  readonly exactFloats: boolean;
  /** Largest message body after decompression, in bytes. Not a Celery setting. */
  readonly messageMaxBytes: number;
  /** Deepest nesting of a message body. Not a Celery setting. */
  readonly messageMaxDepth: number;

  // Sealed headers (docs/security.md); none of these is a Celery setting.
  /** What a worker asks of messages: nothing, that a seal is good where there is one, or a good seal. */
  readonly messageSealing: SealingMode;
  /** Ed25519 private key that seals what this process sends: PEM text, a PEM file or a key folder; null seals nothing. */
  readonly messageSealKey: string | null;
  readonly messageSealKeyPassword: string | null;
  /** Public keys of all who may send: files, folders, patterns, JWKS files, or the text of a key. */
  readonly messageSealTrustedKeys: readonly string[];
  /** Name of the fleet: only seals for the same name count. */
  readonly messageSealAudience: string | null;
  /** Seconds that a seal counts, from when it was made or from the task's ETA. */
  readonly messageSealMaxAge: number;
  /** Where used seals are remembered: a Redis or SQL URL, or "memory"; null takes the result store, else the broker. */
  readonly messageSealNonceStore: string | null;
  /** Ask the same of remote control commands as of tasks; false runs unsealed ones. */
  readonly messageSealControl: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  ...CONNECTION_DEFAULTS,
  ...MONITOR_DEFAULTS,
  ...HTTP_TASK_DEFAULTS,
  acceptContent: ["json"],
  resultAcceptContent: null,
  timezone: null,
  brokerUrl: "amqp://guest:guest@127.0.0.1:5672//",
  brokerTransportOptions: {},
  brokerConnectionTimeout: 4,
  brokerConnectionMaxRetries: null,
  brokerFailoverStrategy: "round-robin",
  brokerHeartbeat: 120,
  brokerNativeDelayedDeliveryQueueType: "quorum",
  resultBackend: null,
  resultBackendTransportOptions: {},
  resultExpires: 86_400,
  resultFailureExpires: null,
  resultChordExpires: null,
  resultChordJoinTimeout: 3,
  resultChordRetryInterval: 1,
  resultChordSweepInterval: 30,
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
  taskCreateMissingQueueType: "classic",
  taskCreateMissingQueueExchangeType: null,
  taskQueueMaxPriority: null,
  taskAcksLate: true,
  taskAcksOnFailureOrTimeout: true,
  taskAcksOnFailure: null,
  taskAcksOnTimeout: null,
  taskAllowErrorCbOnChordHeader: false,
  taskRejectOnWorkerLost: true,
  taskRetryOnWorkerLost: false,
  taskTimeLimit: null,
  taskSoftTimeLimit: null,
  taskDefaultRateLimit: null,
  taskIgnoreResult: false,
  taskStoreErrorsEvenIfIgnored: false,
  taskAlwaysEager: false,
  taskEagerPropagates: false,
  taskStoreEagerResult: false,
  taskInheritParentPriority: false,
  taskAnnotations: {},
  taskTrackStarted: false,
  taskSendSentEvent: false,
  taskPublishDeadline: 5,
  workerConcurrency: null,
  workerPool: null,
  workerChildConcurrency: 1,
  workerMaxTasksPerChild: null,
  workerMaxMemoryPerChild: null,
  workerPrefetchMultiplier: 4,
  workerDisablePrefetch: false,
  workerEnablePrefetchCountReduction: true,
  workerDirect: false,
  workerDeduplicateSuccessfulTasks: false,
  workerCancelLongRunningTasksOnConnectionLoss: false,
  workerRateLimitStore: null,
  workerDisableRateLimits: false,
  workerPoolSecrets: [],
  workerPoolRestarts: false,
  workerSoftShutdownTimeout: 0,
  workerEnableSoftShutdownOnIdle: false,
  workerStateDb: null,
  workerSendTaskEvents: false,
  workerEnableRemoteControl: true,
  workerEtaTaskLimit: 1000,
  workerEtaParkAfter: null,
  workerDetectQuorumQueues: true,
  beatSchedule: {},
  beatMaxLoopInterval: 0,
  beatSyncEvery: 0,
  beatCronStartingDeadline: null,
  beatScheduler: "file",
  beatScheduleFilename: "celerybeat-schedule",
  beatLock: null,
  beatLockName: "celery",
  securityKey: null,
  securityKeyPassword: null,
  securityCertificate: null,
  securityCertStore: null,
  securityDigest: "sha256",
  securityCaCertificates: null,
  securityRevocationList: null,
  exactFloats: false,
  messageMaxBytes: 16 * 1024 * 1024,
  messageMaxDepth: 200,
  messageSealing: "off",
  messageSealKey: null,
  messageSealKeyPassword: null,
  messageSealTrustedKeys: [],
  messageSealAudience: null,
  messageSealMaxAge: 604_800,
  messageSealNonceStore: null,
  messageSealControl: true,
};
