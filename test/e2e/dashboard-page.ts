/** The dashboard in a real browser, for the tests of its views. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import type { App } from "../../app/index.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../gateway/index.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-extensions",
  "--no-first-run",
];
const PATIENCE_MS = 20_000;

const axe: string = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser | undefined;

/** `describe` for tests in a browser: skipped where there is none, but in CI. One browser for all of a file. */
export function describeInBrowser(name: string, body: () => void): void {
  describe.skipIf(!process.env["CI"] && !existsSync(CHROMIUM))(name, () => {
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    });
    afterAll(() => browser?.close());
    body();
  });
}

/** A page, and what the browser complained about. */
export interface OpenPage {
  readonly page: Page;
  /** Messages of the browser's console that tell of trouble, such as a broken content security policy. */
  readonly complaints: string[];
}

/** A page of its own, closed with the test. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  if (browser === undefined) throw new Error("Use describeInBrowser().");
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => void complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}

/** How a gateway is opened for a page. */
export interface DashboardOptions {
  readonly browser?: BrowserContextOptions;
  /** Behind the gateway's address, such as `/#/tasks`. */
  readonly path?: string;
  readonly gateway?: Partial<GatewayOptions>;
  /** Default: one with the tasks of {@link giveTasks} and a worker. */
  readonly app?: App;
}

export interface Dashboard extends OpenPage {
  readonly gateway: Gateway;
  readonly app: App;
  readonly url: string;
  readonly port: number;
  /** Lets `examples.steps` go one step further. */
  readonly step: () => void;
}

/** A page on a gateway of its own, with a worker. */
export async function openDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const app = options.app ?? testApp({ taskSendSentEvent: true });
  const step = giveTasks(app);
  if (options.app === undefined) await testWorker(app, { taskEvents: true });
  const gateway = createGateway({ app, allowTraceback: true, history: {}, ...options.gateway });
  onTestFinished(() => gateway.close());
  const { url, port } = await gateway.listen({ port: 0 });
  const opened = await openPage(url + (options.path ?? "/#/tasks"), options.browser);
  return { ...opened, gateway, app, url, port, step };
}

/** Example tasks; `examples.steps` waits at every step until the function that is returned is called. */
export function giveTasks(app: App): () => void {
  let step: () => void = () => undefined;
  const nextStep = (): Promise<void> =>
    new Promise((resolve) => {
      step = resolve;
    });
  app.task("examples.add", (x: number, y: number) => x + y);
  app.task("examples.big", () => ({ exact: 2n ** 70n, markup: "<img src=x onerror=alert(1)>" }));
  app.task("examples.fail", (message: string) => {
    throw new TypeError(message);
  });
  app.task("examples.flaky", { bind: true, maxRetries: 2 }, (self) => {
    if (self.request.retries < 1) throw self.retry({ countdown: 0 });
    return "at last";
  });
  app.task("examples.steps", { bind: true }, async (self, total: number) => {
    for (let done = 0; done < total; done += 1) {
      const going = nextStep();
      await self.updateState("PROGRESS", { done, total });
      await going;
    }
    return { steps: total };
  });
  return () => step();
}

/** Sends a task; resolves to its id. */
export async function sendTask(url: string, body: object): Promise<string> {
  const answer = await fetch(`${url}/v1/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { id } = (await answer.json()) as { readonly id: string };
  return id;
}

/** What axe finds wrong with the page that is serious, in words. */
export async function seriousProblems(page: Page): Promise<readonly string[]> {
  // A string, because the types here are Node's, not a browser's; past the page's policy, as a devtool would.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly target: readonly string[] }[];
  }[];
}

/** The name of the field, or else the text, that has the focus. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    "document.activeElement.getAttribute('name') ?? document.activeElement.textContent",
  );
}

/** By how many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
}

/** The types of the events that a task's view tells of. */
export async function toldEvents(page: Page): Promise<readonly (string | null)[]> {
  const items = await page.locator(".timeline li").all();
  return await Promise.all(items.map((item) => item.getAttribute("data-type")));
}
