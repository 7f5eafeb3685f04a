/** All routes. A new one is a file and a line here. */
import type { Route } from "../route.ts";
import { allEvents } from "./all-events.ts";
import { callTask } from "./call-task.ts";
import { catalog } from "./catalog.ts";
import { getResult } from "./get-result.ts";
import { getTask } from "./get-task.ts";
import { health, readiness } from "./health.ts";
import { listTasks } from "./list-tasks.ts";
import { openapiDocument } from "./openapi-document.ts";
import { problemPage } from "./problem-page.ts";
import { submitTask } from "./submit-task.ts";
import { taskEvents } from "./task-events.ts";

export const ROUTES: readonly Route[] = [
  submitTask,
  callTask,
  listTasks,
  getTask,
  getResult,
  taskEvents,
  allEvents,
  catalog,
  openapiDocument,
  health,
  readiness,
  problemPage,
];
