/** The dashboard's views of tasks, in front of a real worker. */
import { expect, it, onTestFinished } from "vitest";
import { createGateway } from "../../gateway/index.ts";
import {
  describeInBrowser,
  focused,
  openDashboard,
  openPage,
  sendTask,
  seriousProblems,
  toldEvents,
} from "./dashboard-page.ts";

describeInBrowser("the dashboard", () => {
  it("shows a list that changes by itself, and goes through it by keys", async () => {
    const { page, url, step, complaints } = await openDashboard();
    const last = await sendTask(url, { task: "examples.add", args: [1, 2] });
    await page.getByRole("row", { name: /SUCCESS examples.add/ }).waitFor();
    await sendTask(url, { task: "examples.steps", args: [1] });
    await page.getByRole("row", { name: /(PROGRESS|STARTED) examples.steps/ }).waitFor();
    step();
    await page.getByRole("row", { name: /SUCCESS examples.steps/ }).waitFor();
    await page.keyboard.press("j");
    expect(await focused(page)).toBe("examples.steps");
    await page.keyboard.press("j");
    expect(await focused(page)).toBe("examples.add");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    expect(await focused(page)).toBe("examples.steps");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toBe(`${url}/#/tasks/${last}`);
    await page.getByRole("heading", { name: "examples.add" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".tasks-row.current", { hasText: "examples.add" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor({ state: "hidden" });
    expect(page.url()).toBe(`${url}/#/tasks`);
    expect(complaints).toEqual([]);
  });

  it("keeps its filters in the address, and finds by name and id", async () => {
    const { page, url, complaints } = await openDashboard();
    const wanted = await sendTask(url, { task: "examples.add", args: [1, 2], tags: ["nightly"] });
    for (const task of ["examples.fail", "other.task"]) await sendTask(url, { task });
    const rows = page.locator(".tasks-row");
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByLabel("Filter by name or id").fill("EXAMPLES");
    await expect.poll(() => page.url()).toContain("q=EXAMPLES");
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByLabel("State", { exact: true }).selectOption("FAILURE");
    await expect.poll(() => rows.count()).toBe(1);
    expect(page.url()).toBe(`${url}/#/tasks?q=EXAMPLES&state=FAILURE`);
    await page.getByLabel("State", { exact: true }).selectOption("REVOKED");
    await page.getByText("No task matches the filter").waitFor();
    await page.getByRole("link", { name: "Show all tasks" }).click();
    await expect.poll(() => rows.count()).toBe(3);
    const { page: other } = await openPage(`${url}/#/tasks?tag=nightly`);
    await expect.poll(() => other.locator(".tasks-row").count()).toBe(1);
    await other.getByRole("button", { name: "Remove filter Tag nightly" }).click();
    await expect.poll(() => other.locator(".tasks-row").count()).toBe(3);
    await page.keyboard.press("/");
    await page.keyboard.type(wanted.slice(0, 13));
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain(`q=${wanted.slice(0, 13)}`);
    await rows.filter({ hasText: wanted.slice(-8) }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type(wanted);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toBe(`${url}/#/tasks/${wanted}`);
    expect(complaints).toEqual([]);
  });

  it("tells the whole story of a task, and its arguments when it is asked", async () => {
    const { page, url, complaints } = await openDashboard();
    const id = await sendTask(url, { task: "examples.flaky", args: [] });
    const secret = await sendTask(url, { task: "examples.add", args: [4711, 1] });
    await page.goto(`${url}/#/tasks/${id}`);
    await page.getByText('"at last"').waitFor();
    await expect.poll(() => toldEvents(page), { timeout: 20_000 }).toContain("succeeded");
    expect((await toldEvents(page))[0]).toBe("accepted");
    await expect
      .poll(
        async () =>
          (await toldEvents(page)).filter((type) => type === "started" || type === "retried").sort(),
        {
          timeout: 20_000,
        },
      )
      .toEqual(["retried", "started", "started"]);
    expect(await page.locator(".timings-bar").getAttribute("aria-label")).toMatch(/ran/);
    await page.getByText("POST /v1/tasks").waitFor();
    await page.goto(`${url}/#/tasks/${secret}`);
    await page.getByText("Hidden, since they may be private.").waitFor();
    expect(await page.locator("main").textContent()).not.toContain("4711");
    await page.getByRole("button", { name: "Show arguments" }).click();
    await page.getByText("4711, 1", { exact: false }).waitFor();
    await page.getByRole("link", { name: "Send again" }).click();
    await page.getByText("It becomes a new task.").waitFor();
    expect(await page.getByLabel("Arguments JSON list", { exact: true }).inputValue()).toBe("[4711,1]");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText("4712", { exact: true }).waitFor();
    expect(page.url()).not.toContain(secret);
    expect(complaints).toEqual([]);
  });

  it("shows results as they are: exact, and never as markup", async () => {
    const { page, url, complaints } = await openDashboard();
    const id = await sendTask(url, { task: "examples.big" });
    await page.getByRole("link", { name: "examples.big" }).click();
    expect(page.url()).toBe(`${url}/#/tasks/${id}`);
    await page.getByText("1180591620717411303424").waitFor();
    expect(await page.locator("main pre").textContent()).toContain("<img src=x onerror=alert(1)>");
    expect(await page.locator("main img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("gives a held task another time, and revokes it, and asks before", async () => {
    const { page, url, complaints } = await openDashboard({ gateway: { holdAfterSeconds: 0 } });
    const id = await sendTask(url, { task: "examples.add", args: [1, 2], delay: 3600 });
    await page.goto(`${url}/#/tasks/${id}`);
    await page.getByText(/The task waits for its time/).waitFor();
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Reschedule" }).click();
    await dialog.getByLabel("Run it in").fill("soon");
    await dialog.getByRole("button", { name: "Reschedule" }).click();
    await dialog
      .getByRole("alert")
      .getByText(/ISO 8601 duration/)
      .waitFor();
    await dialog.getByLabel("Run it in").fill("PT30M");
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Reschedule" }).click();
    await dialog.waitFor({ state: "hidden" });
    const { eta } = (await (await fetch(`${url}/v1/tasks/${id}`)).json()) as { readonly eta: string };
    expect(Date.parse(eta) - Date.now()).toBeLessThan(1_800_000);
    await page.getByRole("button", { name: "Revoke" }).click();
    await dialog.getByText("This cannot be taken back.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Revoke" }).click();
    await dialog.getByRole("button", { name: "Revoke" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("REVOKED", { exact: true }).waitFor();
    // The browser itself notes the 422.
    expect(complaints).toEqual([expect.stringContaining("422")]);
  });

  it("terminates a task that runs", async () => {
    const { page, url, complaints } = await openDashboard();
    const id = await sendTask(url, { task: "examples.steps", args: [1] });
    await page.goto(`${url}/#/tasks/${id}`);
    await page.getByText("PROGRESS", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Terminate" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Signal").selectOption("SIGKILL");
    await dialog.getByRole("button", { name: "Terminate" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("REVOKED", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("makes do without a history", async () => {
    const { page, url, complaints } = await openDashboard({ gateway: { history: { enabled: false } } });
    const id = await sendTask(url, { task: "examples.add", args: [1, 2] });
    await page.goto(`${url}/#/tasks/${id}`);
    await page.getByText(/This gateway keeps no history/).waitFor();
    await expect.poll(() => toldEvents(page)).toEqual(["accepted", "succeeded"]);
    expect(await page.getByText("Arguments").count()).toBe(0);
    // The browser itself notes the 501, which comes once.
    expect(complaints).toEqual([expect.stringContaining("501")]);
  });

  it("draws the workflow that a task is part of", async () => {
    const { page, url, complaints } = await openDashboard();
    const add = (...args: readonly number[]) => ({ task: "examples.add", args });
    const answer = await fetch(`${url}/v1/workflows`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=15" },
      body: JSON.stringify({ chain: [add(1, 2), { group: [add(10), add(20)] }] }),
    });
    const { result } = (await answer.json()) as { readonly result: unknown };
    expect(result).toEqual([13, 23]);
    await page.getByRole("link", { name: "examples.add" }).first().click();
    const nodes = page.locator(".workflow a.node");
    await expect.poll(() => nodes.count(), { timeout: 15_000 }).toBe(3);
    expect(await nodes.locator("title").allTextContents()).toEqual(
      Array.from({ length: 3 }, () => "examples.add: SUCCESS"),
    );
    expect(await page.locator(".workflow .edge").count()).toBeGreaterThan(1);
    const target = await nodes.last().getAttribute("href");
    await nodes.last().click();
    await expect.poll(() => page.url()).toBe(`${url}/${target}`);
    await page.getByRole("link", { name: "Open", exact: true }).click();
    await page.getByRole("heading", { name: "3 tasks: 3 SUCCESS" }).waitFor();
    expect(await page.getByRole("table").getByRole("link").count()).toBe(3);
    expect(complaints).toEqual([]);
  });

  it("comes back by itself when the gateway does", async () => {
    const { page, gateway, port } = await openDashboard();
    await page.getByText("Ready", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await gateway.close();
    await page.getByText("No connection", { exact: true }).waitFor();
    const next = createGateway({ app: gateway.app });
    onTestFinished(() => next.close());
    const { url } = await next.listen({ port });
    await page.getByText("Ready", { exact: true }).waitFor();
    await sendTask(url, { task: "examples.big" });
    await page.getByRole("row", { name: /SUCCESS examples.big/ }).waitFor();
  });
});
