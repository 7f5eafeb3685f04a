/** The HTTP gateway. */
export {
  type ApiKeyPage,
  type ApiKeyRequest,
  ApiKeys,
  type NewApiKey,
} from "./access/api-keys.ts";
export type { AuditRecord } from "./access/audit.ts";
export type { ReadScope, Scope } from "./access/caller.ts";
export type { CredentialRecord, Proof } from "./access/credential.ts";
export type { JwtOptions } from "./access/jwt.ts";
export type { AccessOptions, BasicUser } from "./access/options.ts";
export type { Policy, Quota, QuotaName, Quotas } from "./access/policy.ts";
export { SCOPES } from "./access/scopes.ts";
export type { TenantOptions } from "./access/tenants.ts";
export type { EventOptions } from "./cloudevents/event-door.ts";
export type { Readiness } from "./context.ts";
export type { WorkerEvent } from "./fleet/fleet.ts";
export * from "./gateway.ts";
export {
  DEFAULT_HISTORY_SECONDS,
  DEFAULT_HISTORY_TASKS,
  type HistoryOptions,
} from "./history/options.ts";
export type { HookOptions, HookSecret, VerifierName } from "./hooks/hook-options.ts";
export type { RuleOptions } from "./hooks/mapping/rules.ts";
export { type Rehearsal, type RehearsedDelivery, rehearse } from "./hooks/rehearse.ts";
export { type Sample, sampleOf } from "./hooks/samples.ts";
export { type SampleToSign, signSample } from "./hooks/sign-sample.ts";
export * from "./options.ts";
export { PROBLEMS, type ProblemName, type ProblemType } from "./problems.ts";
export { createRedisTaskIndex, type RedisTaskIndexOptions } from "./redis-task-index.ts";
export { schedulePlace } from "./schedules/schedule-book.ts";
export { SCHEMAS as GATEWAY_SCHEMAS } from "./schemas.ts";
export type { GatewayAddress, Handler, HttpServer, ListenOptions, TlsOptions } from "./server.ts";
export { createSqlTaskIndex, type SqlTaskIndexOptions } from "./sql-task-index.ts";
export { createStateStore as openState, type StateOptions } from "./state/open-state.ts";
export * from "./task-index.ts";
export type { TaskErrorView, TaskLinks, TaskView } from "./task-view.ts";
export {
  type Callback,
  type CallbackEvent,
  EVENT_TYPES,
  type PayloadFormat,
  type PayloadMode,
} from "./webhooks/callback.ts";
export { DEFAULT_WEBHOOK_SETTINGS, type WebhookOptions, type WebhookSettings } from "./webhooks/options.ts";
