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
  Replace,
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
  ByteArray,
  CelerityError,
  ConfigurationError,
  Decimal,
  DecodeError,
  DefaultDict,
  EncodeError,
  type ErrorCode,
  Float,
  FrozenSet,
  float,
  OrderedDict,
  PickledObject,
  PythonError,
  type Signature,
  signature,
  Tuple,
  tuple,
  Uuid,
  WaitTimeoutError,
} from "./protocol/index.ts";
export { VERSION } from "./version.ts";
export { createWorker, type Worker, type WorkerLogger, type WorkerOptions } from "./worker/index.ts";
