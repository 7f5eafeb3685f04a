/** Flower's six metrics under its names and labels, so that its dashboards go on working. Source: flower/events.py of Flower 2.2. */
import { type FlowerFacts, RUNTIME_BUCKETS } from "../fleet/flower-facts.ts";
import { type Family, histogramSamples, type Sample } from "./family.ts";

export function flowerFamilies(facts: FlowerFacts): readonly Family[] {
  return [
    {
      name: "flower_events_total",
      help: "Number of events",
      type: "counter",
      read: () =>
        [...facts.events].map(({ worker, type, task, count }) => ({
          labels: { worker, type, task },
          value: count,
        })),
    },
    {
      name: "flower_task_runtime_seconds",
      help: "Task runtime",
      type: "histogram",
      read: () =>
        [...facts.runtimes].flatMap(({ worker, task, ...histogram }) =>
          histogramSamples({ worker, task }, RUNTIME_BUCKETS, histogram),
        ),
    },
    {
      name: "flower_task_prefetch_time_seconds",
      help: "The time the task spent waiting at the celery worker to be executed.",
      type: "gauge",
      read: () =>
        [...facts.prefetch].flatMap(({ worker, task, seconds }) => gaugeSample({ worker, task }, seconds)),
    },
    {
      name: "flower_worker_prefetched_tasks",
      help: "Number of tasks of given type prefetched at a worker",
      type: "gauge",
      read: () =>
        [...facts.prefetch].flatMap(({ worker, task, waiting }) => gaugeSample({ worker, task }, waiting)),
    },
    {
      name: "flower_worker_online",
      help: "Worker online status",
      type: "gauge",
      read: () =>
        [...facts.workers].map(({ worker, online }) => ({ labels: { worker }, value: online ? 1 : 0 })),
    },
    {
      name: "flower_worker_number_of_currently_executing_tasks",
      help: "Number of tasks currently executing at a worker",
      type: "gauge",
      read: () => [...facts.workers].flatMap(({ worker, executing }) => gaugeSample({ worker }, executing)),
    },
  ];
}

function gaugeSample(labels: Readonly<Record<string, string>>, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }];
}
