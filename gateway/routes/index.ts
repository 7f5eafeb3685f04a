/** All routes. A new one is a file and a line here. */
import type { Route } from "../route.ts";
import { allEvents } from "./all-events.ts";
import { createApiKey, getApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { asyncapiDocument } from "./asyncapi-document.ts";
import { callTask } from "./call-task.ts";
import { catalog } from "./catalog.ts";
import { completeTask } from "./complete-task.ts";
import { deleteDeadLetter, getDeadLetter, listDeadLetters } from "./dead-letters.ts";
import { getResult } from "./get-result.ts";
import { getTask } from "./get-task.ts";
import { getWorkflow } from "./get-workflow.ts";
import { health, readiness } from "./health.ts";
import { deleteHook, getHook, putHook } from "./hook.ts";
import { getDelivery, listAllDeliveries, listDeliveries, replayDelivery } from "./hook-deliveries.ts";
import { jwks } from "./jwks.ts";
import { listHooks } from "./list-hooks.ts";
import { listSchedules } from "./list-schedules.ts";
import { listTasks } from "./list-tasks.ts";
import { live } from "./live.ts";
import { metrics } from "./metrics.ts";
import { openapiDocument } from "./openapi-document.ts";
import { problemPage } from "./problem-page.ts";
import { pauseQueue, purgeQueue, resumeQueue } from "./queue-actions.ts";
import { getQueue, listQueues } from "./queues.ts";
import { consentToEvents, receiveEvents } from "./receive-events.ts";
import { receiveHook } from "./receive-hook.ts";
import { cancelReplay, getReplay, replayDeadLetter, startReplay } from "./replays.ts";
import { rescheduleTask } from "./reschedule-task.ts";
import { deleteTask, revokeTask } from "./revoke-task.ts";
import { revokeWorkflow } from "./revoke-workflow.ts";
import { rotateHook } from "./rotate-hook.ts";
import { deleteSchedule, getSchedule, putSchedule } from "./schedule.ts";
import { pauseSchedule, resumeSchedule, triggerSchedule } from "./schedule-actions.ts";
import { stats } from "./stats.ts";
import { submitBatch } from "./submit-batch.ts";
import { submitTask } from "./submit-task.ts";
import { submitWorkflow } from "./submit-workflow.ts";
import { taskEvents } from "./task-events.ts";
import { taskHistory } from "./task-history.ts";
import { deleteTaskType, getTaskType, listTaskTypes, putTaskType } from "./task-types.ts";
import { getWebhookDelivery, listWebhookDeliveries, redeliverWebhook } from "./webhook-deliveries.ts";
import {
  deleteWebhookEndpoint,
  getWebhookEndpoint,
  listWebhookEndpoints,
  putWebhookEndpoint,
} from "./webhook-endpoint.ts";
import {
  disableWebhookEndpoint,
  enableWebhookEndpoint,
  rotateWebhookSecret,
  testWebhookEndpoint,
} from "./webhook-endpoint-actions.ts";
import { workerOrders } from "./worker-orders.ts";
import { getWorker, listWorkers } from "./workers.ts";
import { workflowEvents } from "./workflow-events.ts";
import { workflowGraph } from "./workflow-graph.ts";

export const ROUTES: readonly Route[] = [
  submitTask,
  callTask,
  submitBatch,
  listTasks,
  getTask,
  rescheduleTask,
  revokeTask,
  deleteTask,
  getResult,
  taskEvents,
  taskHistory,
  completeTask,
  allEvents,
  live,
  listTaskTypes,
  getTaskType,
  putTaskType,
  deleteTaskType,
  submitWorkflow,
  getWorkflow,
  revokeWorkflow,
  workflowGraph,
  workflowEvents,
  listSchedules,
  getSchedule,
  putSchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
  listWorkers,
  getWorker,
  ...workerOrders,
  listQueues,
  getQueue,
  pauseQueue,
  resumeQueue,
  purgeQueue,
  listDeadLetters,
  getDeadLetter,
  deleteDeadLetter,
  replayDeadLetter,
  startReplay,
  getReplay,
  cancelReplay,
  listWebhookEndpoints,
  getWebhookEndpoint,
  putWebhookEndpoint,
  deleteWebhookEndpoint,
  enableWebhookEndpoint,
  disableWebhookEndpoint,
  rotateWebhookSecret,
  testWebhookEndpoint,
  listWebhookDeliveries,
  getWebhookDelivery,
  redeliverWebhook,
  jwks,
  receiveHook,
  listHooks,
  getHook,
  putHook,
  deleteHook,
  rotateHook,
  listDeliveries,
  listAllDeliveries,
  getDelivery,
  replayDelivery,
  receiveEvents,
  consentToEvents,
  catalog,
  createApiKey,
  listApiKeys,
  getApiKey,
  revokeApiKey,
  openapiDocument,
  asyncapiDocument,
  stats,
  metrics,
  health,
  readiness,
  problemPage,
];
