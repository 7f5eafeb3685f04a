export type { Canvas, CanvasOptions, TaskCanvas, TaskCanvasOptions } from "./canvas.ts";
export { chain, chord, group, task } from "./canvas.ts";
export type { BatchAnswer, BatchItem, ClientOptions, SubmitOptions, WorkflowOptions } from "./client.ts";
export { Client } from "./client.ts";
export type { FieldError, TaskError } from "./errors.ts";
export {
  ApiError,
  CelerityError,
  ForbiddenError,
  InvalidArgumentsError,
  NetworkError,
  QuotaError,
  TaskFailedError,
  TaskRevokedError,
  UnauthorizedError,
  UnavailableError,
  UnknownTaskError,
  WaitTimeoutError,
  WebhookError,
} from "./errors.ts";
export type { GatewayEvent } from "./events.ts";
export type { CancelOptions, TaskInfo, WaitOptions, WorkflowInfo } from "./handles.ts";
export { Task, Workflow } from "./handles.ts";
export type { WebhookEvent, WebhookHeaders, WebhookOptions } from "./webhooks.ts";
export { verifyWebhook } from "./webhooks.ts";
