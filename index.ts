/**
 * Celerity: Celery's task protocol for TypeScript. This entry point is what an application needs to define, send and run
 * tasks; the other parts have entry points of their own (see "exports" in package.json).
 */
export {
  type App,
  type ApplyOptions,
  type AppOptions,
  AsyncResult,
  createApp,
  Ignore,
  MaxRetriesExceededError,
  Reject,
  Retry,
  type RetryOptions,
  type RouteTable,
  type SecurityOptions,
  type SendOptions,
  type Settings,
  SoftTimeLimitExceeded,
  setupSecurity,
  type Task,
  type TaskContext,
  TaskError,
  type TaskOptions,
  type TaskRequestInfo,
} from "./app/index.ts";
export {
  BackendError,
  BrokerError,
  CelerityError,
  ConfigurationError,
  Decimal,
  DecodeError,
  EncodeError,
  type ErrorCode,
  type Signature,
  signature,
  Uuid,
  WaitTimeoutError,
} from "./protocol/index.ts";
export { VERSION } from "./version.ts";
export { createWorker, type Worker, type WorkerLogger, type WorkerOptions } from "./worker/index.ts";
