/** The patterns of the OpenAPI document that this API's ids and queues are held against, too. */
import { QUEUE_PATTERN, TASK_ID_PATTERN } from "../schema-parts.ts";

export const QUEUE: RegExp = new RegExp(QUEUE_PATTERN);
export const TASK_ID: RegExp = new RegExp(TASK_ID_PATTERN);
