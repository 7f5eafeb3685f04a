/** The dashboard in a real browser, in front of a real worker. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type AccessOptions, createGateway, type Gateway } from "../../gateway/index.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-extensions",
  "--no-first-run",
];

interface Place {
  readonly page: Page;
  readonly gateway: Gateway;
  readonly url: string;
  readonly port: number;
  /** Lets examples.steps go one step further. */
  readonly step: () => void;
  /** Messages of the browser's console that tell of trouble. */
  readonly complaints: string[];
}

let browser: Browser;

/** A page on a gateway of its own, whose worker waits at every step until the test lets it go on. */
async function openDashboard(
  options: BrowserContextOptions = {},
  path = "/",
  access?: AccessOptions,
): Promise<Place> {
  const app = testApp();
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
  app.task("examples.steps", { bind: true }, async (self, total: number) => {
    for (let done = 0; done < total; done += 1) {
      const going = nextStep();
      await self.updateState("PROGRESS", { done, total });
      await going;
    }
    return { steps: total };
  });
  await testWorker(app);
  const gateway = createGateway({ app, allowTraceback: true, ...(access && { access }) });
  onTestFinished(() => gateway.close());
  const { url, port } = await gateway.listen({ port: 0 });
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => void complaints.push(String(error)));
  await page.goto(url + path);
  return { page, gateway, url, port, step: () => step(), complaints };
}

/** The id of the element that has the focus. In a string, because the types here are Node's, not a browser's. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>("document.activeElement.id");
}

describe.skipIf(!process.env["CI"] && !existsSync(CHROMIUM))("the dashboard", () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser?.close());

  it("takes a task from the form to its result, with the keyboard alone", async () => {
    const { page, step, complaints } = await openDashboard();
    await page.getByText("Ready", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await page.getByLabel("Task", { exact: true }).focus();
    await page.keyboard.type("examples.steps");
    await page.getByText("It takes total.").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("[4]");
    await page.keyboard.press("Control+Enter");
    const detail = page.locator("#detail");
    await detail.getByRole("heading", { name: "examples.steps" }).waitFor();
    await detail.getByText("0 %", { exact: true }).waitFor();
    step();
    await detail.getByText("25 %", { exact: true }).waitFor();
    expect(await detail.getByRole("progressbar").getAttribute("value")).toBe("0.25");
    await page.locator("#rows .badge", { hasText: "PROGRESS" }).waitFor();
    for (const percent of ["50 %", "75 %"]) {
      step();
      await detail.getByText(percent, { exact: true }).waitFor();
    }
    step();
    await detail.getByText('{"steps": 4}').waitFor();
    await page.locator("#rows .badge", { hasText: "SUCCESS" }).waitFor();
    expect(await detail.locator(".timeline li > span").allTextContents()).toEqual([
      "ACCEPTED",
      "PROGRESS",
      "SUCCESS",
    ]);
    expect(await page.locator("#announcer").textContent()).toBe("examples.steps: SUCCESS");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Send a task" }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("draws the workflow that a task is part of", async () => {
    const { page, url, complaints } = await openDashboard();
    const add = (...args: readonly number[]) => ({ task: "examples.add", args });
    const canvas = { chain: [add(1, 2), { group: [add(10), add(20)] }] };
    const answer = await fetch(`${url}/v1/workflows`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=15" },
      body: JSON.stringify(canvas),
    });
    const { result } = (await answer.json()) as { readonly result: unknown };
    expect(result).toEqual([13, 23]);
    await page.locator("#rows a", { hasText: "examples.add" }).first().click();
    const nodes = page.locator("#detail .workflow a.node");
    await expect.poll(() => nodes.count(), { timeout: 15_000 }).toBe(3);
    expect(await nodes.locator("title").allTextContents()).toEqual(
      Array.from({ length: 3 }, () => "examples.add: SUCCESS"),
    );
    expect(await page.locator("#detail .workflow line").count()).toBeGreaterThan(1);
    const target = await nodes.last().getAttribute("href");
    await nodes.last().click();
    await expect.poll(() => page.url()).toBe(`${url}/${target}`);
    expect(complaints).toEqual([]);
  });

  it("explains a failure", async () => {
    const { page, complaints } = await openDashboard();
    await page.getByLabel("Task", { exact: true }).fill("examples.fail");
    await page.getByLabel("Keyword arguments").fill('{"message": "the customer is <b>unknown</b>"}');
    await page.getByRole("button", { name: "Send task" }).click();
    const detail = page.locator("#detail");
    await detail.getByRole("heading", { name: "TypeError" }).waitFor();
    await detail.getByText("the customer is <b>unknown</b>", { exact: true }).waitFor();
    await detail.getByText(/arguments do not fit the task/).waitFor();
    await detail.getByText("Traceback").click();
    await detail.getByText(/^TypeError: the customer.*at /s).waitFor();
    await page.getByRole("link", { name: "Close" }).click();
    await page.getByLabel("Task", { exact: true }).fill("no.such.task");
    await page.getByLabel("Keyword arguments").fill("");
    await page.getByRole("button", { name: "Send task" }).click();
    await detail.getByRole("heading", { name: "NotRegistered" }).waitFor();
    await detail.getByText(/no task of this name/).waitFor();
    expect(complaints).toEqual([]);
  });

  it("shows results as they are: exact, and never as markup", async () => {
    const { page, url, complaints } = await openDashboard();
    const { id } = (await (await fetch(`${url}/v1/call/examples.big`, { method: "POST" })).json()) as {
      id: string;
    };
    await page.locator("#rows a", { hasText: "examples.big" }).click();
    expect(page.url()).toBe(`${url}/#/tasks/${id}`);
    const result = page.locator("#detail pre");
    await result.getByText("1180591620717411303424").waitFor();
    expect(await result.textContent()).toContain("<img src=x onerror=alert(1)>");
    expect(await page.locator("#detail img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("says what is wrong with a form before it sends it, and what the gateway says after", async () => {
    const { page, complaints } = await openDashboard();
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText("Which task? Write its name.").waitFor();
    await page.getByLabel("Task", { exact: true }).fill("bad name");
    await page.getByLabel("Arguments", { exact: true }).or(page.locator("#args")).fill("[1, 2");
    await page.getByLabel("Keyword arguments").fill("[]");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText(/^Not JSON: /).waitFor();
    await page.getByText('This must be an object, such as {"x": 2}.').waitFor();
    expect(await page.locator("#args").getAttribute("aria-invalid")).toBe("true");
    expect(await focused(page)).toBe("args");
    await page.locator("#args").fill("[1]");
    await page.getByLabel("Keyword arguments").fill("");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText(/must match pattern/).waitFor();
    expect(await focused(page)).toBe("task");
    // The browser itself notes the 422.
    expect(complaints).toEqual([expect.stringContaining("422")]);
  });

  it("filters the list, and teaches curl", async () => {
    const { page, url } = await openDashboard();
    for (const task of ["examples.add", "examples.fail", "other.task"]) {
      await fetch(`${url}/v1/call/${task}`, { method: "POST" });
    }
    await page.locator("#rows tr").nth(2).waitFor();
    await page.getByLabel("Task name").fill("EXAMPLES");
    await expect.poll(() => page.locator("#rows tr").count()).toBe(2);
    await page.getByLabel("State", { exact: true }).selectOption("SUCCESS");
    await page.getByText("No task matches the filter.").waitFor();
    await page.locator("#task").fill("it's");
    await page.getByText("The same with curl").click();
    expect(await page.locator("#form-curl").textContent()).toContain(`-d '{"task":"it'\\''s"}'`);
    expect(await page.locator("#form-curl").textContent()).toContain(`curl ${url}/v1/tasks`);
  });

  it("comes back by itself when the gateway does", async () => {
    const { page, gateway, port } = await openDashboard();
    await page.getByText("Ready", { exact: true }).waitFor();
    await gateway.close();
    await page.getByText("No connection", { exact: true }).waitFor();
    const next = createGateway({ app: gateway.app });
    onTestFinished(() => next.close());
    const { url } = await next.listen({ port });
    await page.getByText("Ready", { exact: true }).waitFor();
    await fetch(`${url}/v1/call/examples.big`, { method: "POST" });
    await page.locator("#rows .badge", { hasText: "SUCCESS" }).waitFor();
  });

  it("asks for a key where one is needed, keeps it in the tab, and sends it with everything", async () => {
    const { page, gateway, url } = await openDashboard({}, "/", {});
    const made = await gateway.apiKeys?.create({ name: "person", policy: { read: "own" } });
    const dialog = page.locator("#key-dialog");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(true);
    await page.locator("#key").fill("cel_wrong");
    await page.keyboard.press("Enter");
    await page.locator("#key-error", { hasText: "not valid" }).waitFor();
    await page.locator("#key").fill(made?.key ?? "");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await page.locator("#health-text", { hasText: "Ready" }).waitFor();
    await page.locator("#task").fill("examples.add");
    await page.locator("#args").fill("[2, 3]");
    await page.locator("#send-button").click();
    await page.locator("#detail", { hasText: "SUCCESS" }).waitFor();
    await page.locator("#rows tr", { hasText: "SUCCESS" }).waitFor();
    expect(await page.locator("#form-curl").textContent()).toContain("Authorization: Bearer $CELERITY_KEY");
    await page.goto(url);
    await page.locator("#rows tr", { hasText: "examples.add" }).waitFor();
    expect(await dialog.isVisible()).toBe(false);
    await gateway.apiKeys?.revoke(made?.record.id ?? "");
    await page.goto(url);
    await page.locator("#key-error", { hasText: "not valid" }).waitFor();
  });

  it("says that it does not know a task", async () => {
    const { page } = await openDashboard({}, "/#/tasks/made-up");
    await page.getByRole("heading", { name: "Unknown task id" }).waitFor();
  });

  it.each([
    ["light", 390],
    ["dark", 390],
    ["light", 768],
    ["dark", 1280],
  ] as const)("fits its window: %s, %i px", async (colorScheme, width) => {
    const { page, url, complaints } = await openDashboard({ colorScheme, viewport: { width, height: 844 } });
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    const overflow = (): Promise<number> =>
      page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
    expect(await overflow()).toBeLessThanOrEqual(0);
    const name = "a.long.module.path.that.goes.on.and.on.with_a_long_name_at_its_end";
    await fetch(`${url}/v1/call/${name}`, { method: "POST" });
    await page.locator("#rows a", { hasText: name }).click();
    await page.locator("#detail h2", { hasText: name }).waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe(colorScheme === "dark" ? "rgb(14, 20, 17)" : "rgb(244, 246, 244)");
    expect(complaints).toEqual([]);
  });
});
