/**
 * Flower in a real browser, in front of a TypeScript worker and a Python worker: its pages show both, and its buttons
 * work on the TypeScript worker. What they did is read from the worker, not from Flower.
 */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFlower } from "../helpers/flower.ts";
import { type PythonWorker, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { type Cell, PATIENCE_S, POLL, startCell, startPlace } from "./matrix-cell.ts";
import { pythonTasks } from "./places.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
const PY_QUEUE = "py";
const isMissing = !process.env["CI"] && !(existsSync(CHROMIUM) && pythonVersions().includes("latest"));

type Stats = {
  readonly pool: { readonly "max-concurrency": number; readonly processes: readonly number[] };
};

describe.skipIf(isMissing).each(["Redis", "RabbitMQ"] as const)("Flower on %s", (broker) => {
  let browser: Browser;
  let page: Page;
  let site: string;
  let cell: Cell;
  let python: PythonWorker;

  beforeAll(async () => {
    const place = await startPlace(broker, "latest");
    [site, cell, python, browser] = await Promise.all([
      startFlower(place, { inspectTimeoutMs: 30_000 }),
      startCell(place, ["-P", "prefork", "-c", "2", "--without-mingle"], {
        CELERY_WORKER_POOL_RESTARTS: "true",
        // A task with an ETA far away waits in the worker, as in a Python worker.
        CELERY_WORKER_ETA_PARK_AFTER: "86400",
      }),
      startPythonWorker({
        version: "latest",
        broker: place.broker,
        backend: place.backend,
        env: pythonTasks.env,
        app: "matrix_tasks",
        args: ["-E", "-Q", PY_QUEUE],
      }),
      chromium.launch({ executablePath: CHROMIUM, args: FLAGS }),
    ]);
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_S * 1000);
  });
  afterAll(async () => {
    await browser?.close();
    await python?.kill9();
  });

  /** The answer of the TypeScript worker. */
  async function inspect(method: string): Promise<unknown> {
    const options = { destination: [cell.node], timeout: PATIENCE_S };
    return (await cell.python.inspect(method, [], options))?.[cell.node];
  }

  const stats = async (): Promise<Stats> => (await inspect("stats")) as Stats;
  const queues = async (): Promise<readonly string[]> =>
    ((await inspect("active_queues")) as { readonly name: string }[]).map(({ name }) => name).sort();

  /** A tab of the TypeScript worker's page. */
  async function openTab(name: string): Promise<Locator> {
    await page.goto(`${site}/worker/${cell.node}`);
    await page.getByRole("tab", { name, exact: true }).click();
    return page.locator(".tab-pane.active");
  }

  /** Flower shows what it knew, asks the worker meanwhile, and wants to be loaded again. */
  async function untilShown(open: () => Promise<unknown>, wanted: () => Locator): Promise<void> {
    const shown = async (): Promise<number> => {
      await open();
      return wanted().count();
    };
    await expect.poll(shown, { ...POLL, interval: 200 }).toBeGreaterThan(0);
  }

  async function expectListed(node: string, status: string): Promise<void> {
    const lines = page.locator("#workers-table tbody tr", { has: page.locator("a") });
    const open = async (): Promise<void> => {
      await page.goto(`${site}/workers`);
      await lines.first().waitFor();
    };
    await untilShown(open, () => lines.filter({ hasText: node }).filter({ hasText: status }));
  }

  /** Flower says that it is done, or why not. */
  async function expectNotice(text: string): Promise<void> {
    const notice = page.locator("#toast-container .toast", { hasText: text });
    await notice.waitFor();
    await notice.getByRole("button", { name: "Close" }).click();
    await notice.waitFor({ state: "detached" });
  }

  /** Opens the task's page, which has the state and the texts. */
  async function expectTask(id: string, state: string, ...texts: readonly string[]): Promise<void> {
    const details = page.locator(".task-details-card");
    await untilShown(
      () => page.goto(`${site}/task/${id}`),
      () => details.locator(".badge", { hasText: state }),
    );
    for (const text of texts) expect(await details.textContent()).toContain(text);
  }

  /** The row of a table that begins with the text. */
  const row = (place: Locator, text: string): Locator =>
    place.locator("tr").filter({ has: page.locator("td:first-child", { hasText: text }) });

  test("lists the workers of both languages", async () => {
    for (const node of [cell.node, python.name]) await expectListed(node, "Online");
  });

  test("shows what the TypeScript worker is made of", async () => {
    const expected: Readonly<Record<string, readonly (readonly [name: string, value: string])[]>> = {
      Pool: [
        ["Implementation", "Celerity:prefork"],
        ["Max concurrency", "2"],
        ["Worker PID", String(cell.worker.pid)],
        ["Prefetch Count", "8"],
      ],
      Broker: [
        ["Hostname", "127.0.0.1"],
        ["Transport", broker === "Redis" ? "redis" : "amqp"],
      ],
      Queues: [[cell.queue, "True"]],
      Limits: [
        ["both.add [rate_limit=600/m]", "Apply"],
        ["m.gate", "Soft"],
      ],
      Config: [["worker_pool_restarts", "True"]],
      System: [["maxrss", ""]],
    };
    for (const [tab, rows] of Object.entries(expected)) {
      const pane = await openTab(tab);
      for (const [name, value] of rows) {
        expect(await row(pane, name).first().textContent(), `${tab}: ${name}`).toContain(value);
      }
    }
  });

  test("shows what became of tasks of both workers", async () => {
    const good = await cell.send("both.add", [2, 3]);
    const bad = await cell.send("m.fail", ["too far"]);
    const theirs = await cell.python.send("both.add", [20, 3], {}, { queue: PY_QUEUE });
    await expectTask(good, "SUCCESS", "both.add", "[2, 3]", cell.node);
    expect(
      await page
        .locator("dt", { hasText: /^Result$/ })
        .locator("+ dd")
        .textContent(),
    ).toBe("5");
    await expectTask(bad, "FAILURE", "m.fail", "too far", "RangeError: too far\n");
    await expectTask(theirs, "SUCCESS", "both.add", "23", python.name);
    await page.goto(`${site}/tasks`);
    for (const [id, state, node] of [
      [good, "SUCCESS", cell.node],
      [bad, "FAILURE", cell.node],
      [theirs, "SUCCESS", python.name],
    ] as const) {
      const line = page.locator("#tasks-table tbody tr", { hasText: id });
      await line.getByText(state, { exact: true }).waitFor();
      expect(await line.textContent()).toContain(node);
    }
    await untilShown(
      () => openTab("Tasks"),
      () => row(page.locator(".tab-pane.active"), "both.add").filter({ hasText: "1" }),
    );
  });

  test("revokes a task that waits", async () => {
    const id = await cell.send("both.note", [cell.folder, "revoked"], { countdown: 3600 });
    await expectTask(id, "RECEIVED", cell.node);
    await page.getByRole("button", { name: "Revoke" }).click();
    await expectNotice(`Revoked '${id}'`);
    await expect.poll(() => inspect("revoked"), POLL).toEqual([id]);
    expect(await cell.failure(id)).toMatchObject({ type: "TaskRevokedError", message: "revoked" });
  });

  test("terminates a task that runs", async () => {
    const before = (await stats()).pool.processes;
    const id = await cell.send("m.deaf", [cell.folder, "deaf"]);
    await cell.untilStarted("deaf");
    await expectTask(id, "STARTED", cell.node);
    await untilShown(
      () => openTab("Tasks"),
      () => page.locator(".tab-pane.active tr", { hasText: id }),
    );
    await page.goto(`${site}/task/${id}`);
    await page.getByRole("button", { name: "Terminate" }).click();
    await expectNotice(`Revoked '${id}'`);
    // The Python worker hears it too, and may have stored it before the task's end.
    expect(await cell.failure(id)).toMatchObject({ type: "TaskRevokedError" });
    await expect.poll(() => inspect("active"), POLL).toEqual([]);
    await expect.poll(async () => (await stats()).pool.processes, POLL).toHaveLength(2);
    expect((await stats()).pool.processes).not.toEqual(before);
    await expectTask(id, "REVOKED");
  });

  test("has it consume one queue more, and one less", async () => {
    const queue = `more-${cell.queue}`;
    const tab = await openTab("Queues");
    await tab.getByLabel("New consumer").fill(queue);
    await tab.getByRole("button", { name: "Add" }).click();
    await expectNotice(`add consumer ${queue}`);
    expect(await queues()).toEqual([queue, cell.queue].sort());
    expect(await cell.call("m.add", [2, 3], { queue })).toBe(5);
    const line = (): Locator => row(page.locator(".tab-pane.active"), queue);
    await untilShown(() => openTab("Queues"), line);
    await line().getByRole("button", { name: "Cancel" }).click();
    await expectNotice(`no longer consuming from ${queue}`);
    expect(await queues()).toEqual([cell.queue]);
  });

  // What a broker has no part in.
  if (broker === "Redis") {
    test("resizes the pool, and replaces its processes", async () => {
      const pool = await openTab("Pool");
      const processes = async (): Promise<number> => (await stats()).pool.processes.length;
      for (const [button, by, size] of [
        ["Grow", "2", 4],
        ["Shrink", "3", 1],
      ] as const) {
        await pool.locator("#pool-size").fill(by);
        await pool.getByRole("button", { name: button }).click();
        await expectNotice(`${button}ing '${cell.node}' worker's pool by ${by}`);
        await expect.poll(processes, POLL).toBe(size);
        expect((await stats()).pool["max-concurrency"]).toBe(size);
      }
      const before = (await stats()).pool.processes;
      await page.getByRole("button", { name: "Actions" }).click();
      await page.getByRole("button", { name: "Restart Pool" }).click();
      await expectNotice(`Restarting '${cell.node}' worker's pool`);
      await expect.poll(async () => (await stats()).pool.processes, POLL).not.toEqual(before);
      expect(await cell.call("m.add", [1, 1])).toBe(2);
    });

    test("says why a button does nothing", async () => {
      const pool = await openTab("Pool");
      await pool.getByLabel("Minimum autoscale pool size").fill("1");
      await pool.getByLabel("Maximum autoscale pool size").fill("5");
      await pool.locator("#worker-pool-autoscale").click();
      await expectNotice("ValueError('Autoscale not enabled')");
    });

    test("limits how often a task starts", async () => {
      const limits = row(await openTab("Limits"), "both.add ");
      await limits.getByLabel(/^Rate limit/).fill("7");
      await limits.getByRole("button", { name: "Apply" }).click();
      await expectNotice("new rate limit set successfully");
      expect(await inspect("registered")).toContain("both.add [rate_limit=7]");
      await untilShown(
        () => openTab("Limits"),
        () => row(page.locator(".tab-pane.active"), "both.add [rate_limit=7]"),
      );
    });

    test.each([
      ["Soft", "m.patient", "SoftTimeLimitExceeded"],
      ["Hard", "m.deaf", "TimeLimitExceeded"],
    ] as const)("limits how long a task runs: %s", async (button, task, type) => {
      const limits = row(await openTab("Limits"), task);
      await limits.getByLabel(/^Timeout/).fill("1");
      await limits.getByRole("button", { name: button }).click();
      await expectNotice("time limits set successfully");
      const id = await cell.send(task, [cell.folder, button]);
      expect(await cell.failure(id)).toMatchObject({ type });
      await expectTask(id, "FAILURE", type);
    });
  }

  test("ends it", async () => {
    await openTab("Pool");
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("button", { name: "Shut Down" }).click();
    expect(await cell.worker.ended()).toBe(0);
    await expectListed(cell.node, "Offline");
    // The other one was not meant.
    const options = { destination: [python.name], timeout: PATIENCE_S };
    expect(await cell.python.inspect("ping", [], options)).toEqual({ [python.name]: { ok: "pong" } });
  });
});
