/** A dashboard in front of a Python worker and a TypeScript worker on one Redis, for the tests of its views. */
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, expect } from "vitest";
import type { App } from "../../app/index.ts";
import type { Worker } from "../../worker/index.ts";
import { type PythonWorker, startPythonWorker } from "../helpers/python.ts";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import {
  type Dashboard,
  type DashboardOptions,
  openDashboard,
  overflow,
  seriousProblems,
} from "./dashboard-page.ts";

/** For what workers and brokers have to do first. */
export const PATIENCE = { timeout: 30_000, interval: 100 };

/** The part of the world that all tests of a file share. */
export interface SharedFleet {
  readonly brokerUrl: string;
  /** Takes from the queues `py` and `both`. */
  readonly python: PythonWorker;
}

/** Starts a Python worker before the tests of a file. */
export function shareFleet(): () => SharedFleet {
  let shared: SharedFleet | undefined;
  beforeAll(async () => {
    const brokerUrl = await redisUrl();
    const python = await startPythonWorker({
      version: "latest",
      broker: brokerUrl,
      backend: brokerUrl,
      args: ["-E", "-Q", "py,both"],
    });
    shared = { brokerUrl, python };
  });
  return () => {
    if (shared === undefined) throw new Error("The Python worker has not been started.");
    return shared;
  };
}

export interface FleetDashboard extends Dashboard {
  readonly worker: Worker;
}

export interface FleetOptions extends DashboardOptions {
  /** Called before the worker starts. */
  readonly prepare?: (app: App) => void;
}

/** A dashboard with a TypeScript worker of its own, which takes from `celery` and `both`. */
export async function openFleet(
  { brokerUrl }: SharedFleet,
  { prepare, ...options }: FleetOptions,
): Promise<FleetDashboard> {
  const app = testApp({
    brokerUrl,
    resultBackend: brokerUrl,
    taskSendSentEvent: true,
    taskRoutes: { "py.*": "py", "both.*": "both", "idle.*": "idle", plain: "celery" },
  });
  prepare?.(app);
  const schedules = join(await temporaryFolder(), "schedule");
  const dashboard = await openDashboard({ ...options, app, gateway: { schedules, ...options.gateway } });
  const worker = await testWorker(app, { taskEvents: true, queues: ["celery", "both"], pool: "async" });
  return { ...dashboard, worker };
}

/** The row of a table, or the card of a phone, that holds a text. */
export function rowOf(page: Page, text: string): Locator {
  return page.getByRole("row").filter({ hasText: text });
}

/** Presses a button within a place, and the one of the dialog that opens. */
export async function confirmed(place: Locator | Page, button: string, verb: string = button): Promise<void> {
  await place.getByRole("button", { name: button, exact: true }).first().click();
  const dialog = ("page" in place ? place.page() : place).getByRole("dialog");
  await dialog.getByRole("button", { name: verb, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Signs in with a key. */
export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key or token").fill(key);
  await page.keyboard.press("Enter");
}

/** Nothing serious is wrong with the page in light, nor in dark on a phone, where nothing is wider than its window. */
export async function expectFine(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  expect(await seriousProblems(page), "light").toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => overflow(page)).toBeLessThanOrEqual(0);
  expect(await seriousProblems(page), "dark, on a phone").toEqual([]);
  await page.setViewportSize({ width: 1280, height: 800 });
}
