/** All routes. A new one is a file and a line here. */
import type { Route } from "../route.ts";
import { allEvents } from "./all-events.ts";
import { callTask } from "./call-task.ts";
import { catalog } from "./catalog.ts";
import { getResult } from "./get-result.ts";
import { getTask } from "./get-task.ts";
import { getWorkflow } from "./get-workflow.ts";
import { health, readiness } from "./health.ts";
import { listSchedules } from "./list-schedules.ts";
import { listTasks } from "./list-tasks.ts";
import { openapiDocument } from "./openapi-document.ts";
import { problemPage } from "./problem-page.ts";
import { revokeWorkflow } from "./revoke-workflow.ts";
import { deleteSchedule, getSchedule, putSchedule } from "./schedule.ts";
import { pauseSchedule, resumeSchedule, triggerSchedule } from "./schedule-actions.ts";
import { submitTask } from "./submit-task.ts";
import { submitWorkflow } from "./submit-workflow.ts";
import { taskEvents } from "./task-events.ts";
import { workflowEvents } from "./workflow-events.ts";
import { workflowGraph } from "./workflow-graph.ts";

export const ROUTES: readonly Route[] = [
  submitTask,
  callTask,
  listTasks,
  getTask,
  getResult,
  taskEvents,
  allEvents,
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
  catalog,
  openapiDocument,
  health,
  readiness,
  problemPage,
];
