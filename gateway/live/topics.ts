/** Names of what can be followed at `GET /v1/live`. */
import { Problem } from "../problems.ts";

export const LIVE_TOPICS = [
  "workers",
  "queues",
  "schedules",
  "dead-letters",
  "hooks",
  "hook-deliveries",
  "webhook-deliveries",
  "webhook-endpoints",
  "stats",
] as const;

export type LiveTopic = (typeof LIVE_TOPICS)[number];

/** Longer than all topics together. */
export const MAX_TOPICS_TEXT = 500;

/** The topics that the query names, each once. Throws Problem `invalid-arguments`. */
export function readTopics(text: string | null): readonly LiveTopic[] {
  const names = new Set((text ?? "").split(",").filter((name) => name !== ""));
  const topics = LIVE_TOPICS.filter((topic) => names.has(topic));
  if (topics.length > 0 && topics.length === names.size) return topics;
  throw new Problem("invalid-arguments", {
    detail: `The parameter topics must name one or more of ${LIVE_TOPICS.join(", ")}, with commas between them.`,
  });
}
