/** What is written into the dashboard: tasks that are sent, keys; and what it says of mistakes. */
import { expect, it } from "vitest";
import { describeInBrowser, focused, openDashboard, seriousProblems, toldEvents } from "./dashboard-page.ts";

describeInBrowser("the dashboard", () => {
  it("takes a task from the form to its result, with the keyboard alone", async () => {
    const { page, step, complaints } = await openDashboard();
    await page.getByText("Ready", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await page.getByRole("heading", { name: "Send a task" }).waitFor();
    await expect.poll(() => focused(page)).toBe("task");
    await page.keyboard.type("examples.steps");
    await page.getByText("It takes total.").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("[4]");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "examples.steps" }).waitFor();
    await page.getByText("0 %", { exact: true }).waitFor();
    step();
    await page.getByText("25 %", { exact: true }).waitFor();
    expect(await page.getByRole("progressbar").getAttribute("value")).toBe("0.25");
    for (const percent of ["50 %", "75 %"]) {
      step();
      await page.getByText(percent, { exact: true }).waitFor();
    }
    step();
    await page.getByText('{"steps": 4}').waitFor();
    expect(await page.locator("#announcer").textContent()).toBe("examples.steps: SUCCESS");
    await expect.poll(() => toldEvents(page), { timeout: 20_000 }).toContain("succeeded");
    await page.keyboard.press("Escape");
    await page.getByRole("row", { name: /SUCCESS examples.steps/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("explains a failure", async () => {
    const { page, url, complaints } = await openDashboard({ path: "/#/send" });
    await page.getByLabel("Task", { exact: true }).fill("examples.fail");
    await page.getByLabel("Keyword arguments").fill('{"message": "the customer is <b>unknown</b>"}');
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByRole("heading", { name: "TypeError" }).waitFor();
    await page.getByText("the customer is <b>unknown</b>", { exact: true }).waitFor();
    await page.getByText(/arguments do not fit the task/).waitFor();
    await page.getByText("Traceback").click();
    await page.getByText(/^TypeError: the customer.*at /s).waitFor();
    await page.goto(`${url}/#/send`);
    await page.getByLabel("Task", { exact: true }).fill("no.such.task");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByRole("heading", { name: "NotRegistered" }).waitFor();
    await page.getByText(/no task of this name/).waitFor();
    expect(complaints).toEqual([]);
  });

  it("says what is wrong with a form before it sends it, and what the gateway says after", async () => {
    const { page, complaints } = await openDashboard({ path: "/#/send" });
    const args = page.getByLabel("Arguments JSON list", { exact: true });
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText("Which task? Write its name.").waitFor();
    await page.getByLabel("Task", { exact: true }).fill("bad name");
    await args.fill("[1, 2");
    await page.getByLabel("Keyword arguments").fill("[]");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText(/^Not JSON: /).waitFor();
    await page.getByText('This must be an object, such as {"x": 2}.').waitFor();
    expect(await args.getAttribute("aria-invalid")).toBe("true");
    await expect.poll(() => focused(page)).toBe("args");
    await args.fill("[1]");
    await page.getByLabel("Keyword arguments").fill("");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText(/must match pattern/).waitFor();
    await expect.poll(() => focused(page)).toBe("task");
    // The browser itself notes the 422.
    expect(complaints).toEqual([expect.stringContaining("422")]);
  });

  it("teaches curl", async () => {
    const { page, url } = await openDashboard({ path: "/#/send" });
    await page.getByLabel("Task", { exact: true }).fill("it's");
    expect(await page.locator("#form-curl").textContent()).toContain(`-d '{"task":"it'\\''s"}'`);
    expect(await page.locator("#form-curl").textContent()).toContain(`curl ${url}/v1/tasks`);
  });

  it("asks for a key where one is needed, keeps it in the tab, and sends it with everything", async () => {
    const { page, gateway, url } = await openDashboard({ gateway: { access: {} } });
    const made = await gateway.apiKeys?.create({ name: "person", policy: { read: "own" } });
    const title = page.getByRole("heading", { name: "This gateway asks for a key" });
    await title.waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByLabel("API key or token").fill("cel_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This key is not valid, or not any more. Try another one.").waitFor();
    await page.getByLabel("API key or token").fill(made?.key ?? "");
    await page.keyboard.press("Enter");
    await title.waitFor({ state: "hidden" });
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await page.goto(`${url}/#/send`);
    await page.getByLabel("Task", { exact: true }).fill("examples.add");
    await page.getByLabel("Arguments JSON list", { exact: true }).fill("[2, 3]");
    expect(await page.locator("#form-curl").textContent()).toContain("Authorization: Bearer $CELERITY_KEY");
    await page.getByRole("button", { name: "Send task" }).click();
    await page.getByText("SUCCESS", { exact: true }).waitFor();
    await page.goto(`${url}/#/tasks`);
    await page.reload();
    await page.getByRole("row", { name: /SUCCESS examples.add/ }).waitFor();
    await gateway.apiKeys?.revoke(made?.record.id ?? "");
    await page.reload();
    await page.getByText("This key is not valid, or not any more. Try another one.").waitFor();
  });

  it("says that it does not know a task, or a page", async () => {
    const { page, url } = await openDashboard({ path: "/#/tasks/made-up" });
    await page.getByRole("heading", { name: "Unknown task id" }).waitFor();
    await page.goto(`${url}/#/no/such/page`);
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  });
});
