import { existsSync } from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import type { Fault, FaultCase } from "../lib/fault.ts";
import { residentMb, treeOf } from "../lib/processes.ts";
import { CONCURRENCY, type Scene } from "../lib/scene.ts";

const HEAP: FaultCase = { name: "heap limit" };
const GROUP: FaultCase = { name: "memory of the group" };
const LEAK: FaultCase = { name: "leak, --max-memory-per-child" };

/** Node's own limit for each process, in MB. */
const HEAP_MB = 128;
/** Limit of the worker with all its processes, in MB. */
const GROUP_MB = 400;
const LEAK_MB = 8;
const CHILD_LIMIT_KIB = 160 * 1024;
/** Of the worker itself, in MB. */
const PARENT_LIMIT_MB = 160;
const DELIVERIES = 3;

/** A task takes memory without end, or leaves some behind each time. */
export const memory: Fault = {
  name: "F26",
  what: "a task takes all memory; tasks that leak",
  brokers: ["rabbitmq", "redis", "sqlite"],
  cases: [HEAP, GROUP, LEAK],
  run: (scene) => (scene.options.form.name === LEAK.name ? leak(scene) : takeAll(scene)),
};
