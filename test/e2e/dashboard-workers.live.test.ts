/** The dashboard's views of workers: one in Python, one in TypeScript. */
import { expect, it } from "vitest";
import { sqliteFile } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { expectFine, openFleet, PATIENCE, rowOf, shareFleet, signIn } from "./dashboard-fleet.ts";
import { describeInBrowser, openDashboard } from "./dashboard-page.ts";

describeInBrowser("the workers of the dashboard", () => {
  const fleet = shareFleet();

  it("are listed, of all languages and by status, as they come and go", async () => {
    const { page, worker, complaints } = await openFleet(fleet(), { path: "/#/workers" });
    await rowOf(page, fleet().python.name).getByText("Python 5").waitFor();
    await rowOf(page, worker.hostname).getByText("TypeScript").waitFor();
    await expectFine(page);
    await worker.stop();
    await rowOf(page, worker.hostname).getByText("offline").waitFor();
    await page.getByRole("link", { name: "Online" }).click();
    await rowOf(page, worker.hostname).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Offline" }).click();
    await rowOf(page, worker.hostname).waitFor();
    expect(complaints).toEqual([]);
  });

  it("tell what they run, and obey", async () => {
    const { name } = fleet().python;
    const { page, app, complaints } = await openFleet(fleet(), {
      path: `/#/workers/${encodeURIComponent(name)}`,
    });
    const { id } = await app.sendTask("examples.slow", { args: [600], queue: "py" });
    await page.getByText("py-celery").waitFor();
    const running = page.getByRole("region", { name: "Running" });
    const link = running.getByRole("link", { name: "examples.slow" }).first();
    expect(await link.getAttribute("href")).toContain(id);
    await expectFine(page);
    complaints.length = 0;

    const tell = async (
      button: string,
      verb: string,
      fields: Readonly<Record<string, string>> = {},
    ): Promise<void> => {
      await page.getByRole("button", { name: button, exact: true }).click();
      const dialog = page.getByRole("dialog", { name: `${button}: ${name}` });
      for (const [label, text] of Object.entries(fields)) await dialog.getByLabel(label).fill(text);
      await dialog.getByRole("button", { name: verb, exact: true }).click();
    };
    const dialog = page.getByRole("dialog");
    const isDone = async (said: string): Promise<void> => {
      await page.getByRole("main").getByRole("status").filter({ hasText: said }).waitFor();
      await dialog.waitFor({ state: "detached" });
    };
    const fact = (title: string): Promise<string | null> =>
      page.locator(".facts > div", { hasText: title }).locator("dd").textContent();

    await tell("Grow", "Grow");
    await isDone("pool will grow");
    await expect.poll(() => fact("Concurrency"), PATIENCE).toBe("3");
    await tell("Shrink", "Shrink", { "Processes or threads": "1" });
    await isDone("pool will shrink");
    await expect.poll(() => fact("Concurrency"), PATIENCE).toBe("2");

    await tell("Autoscale", "Set the range");
    await dialog.getByText("Autoscale not enabled").waitFor();
    await page.keyboard.press("Escape");
    await tell("Restart the pool", "Restart");
    await dialog.getByText("worker_pool_restarts").last().waitFor();
    await page.keyboard.press("Escape");

    await tell("Rate limit", "Limit", { Task: "examples.add", Starts: "often" });
    await dialog.locator(".error", { hasText: "match" }).waitFor();
    await dialog.getByLabel("Starts").fill("10/m");
    await page.keyboard.press("Enter");
    await isDone("new rate limit set");
    await rowOf(page, "examples.add").getByText("rate_limit=10/m").waitFor();
    await tell("Time limits", "Limit", { Task: "examples.add", Soft: "30", Hard: "60" });
    await isDone("time limits set");

    const queues = page.getByRole("region", { name: "Queues" });
    await tell("Add a queue", "Add", { Queue: "extra" });
    await isDone("extra");
    await queues.locator("code", { hasText: "extra" }).waitFor();
    await queues.getByRole("button", { name: "Cancel extra" }).click();
    await dialog.getByRole("button", { name: "Cancel the queue" }).click();
    await isDone("no longer consuming");
    await queues.locator("code", { hasText: "extra" }).waitFor({ state: "detached" });
    // Refusals are answers too: the browser tells of each.
    expect(complaints.filter((text) => !/40[09]|422/.test(text))).toEqual([]);
    await app.revoke([id], { terminate: true });
  });

  it("end when they are told to by somebody who may", async () => {
    const { page, worker, gateway } = await openFleet(fleet(), { gateway: { access: {} } });
    const reader = await gateway.apiKeys?.create({ name: "reader", policy: { scopes: ["workers:read"] } });
    const operator = await gateway.apiKeys?.create({
      name: "operator",
      policy: { scopes: ["workers:read", "workers:control"] },
    });
    await signIn(page, String(reader?.key));
    await page.goto(new URL(`#/workers/${worker.hostname}`, page.url()).href);
    await page.getByRole("button", { name: "Shut down" }).click();
    const dialog = page.getByRole("dialog", { name: `Shut down: ${worker.hostname}` });
    await dialog.getByRole("button", { name: "Shut down" }).click();
    await dialog.getByText("This needs the scope workers:control.").waitFor();
    await page.keyboard.press("Escape");
    await page.evaluate(`sessionStorage.setItem("celerity-key", ${JSON.stringify(operator?.key)})`);
    await page.reload();
    await page.getByRole("button", { name: "Shut down" }).click();
    await dialog.getByRole("button", { name: "Shut down" }).click();
    await page.getByText(`${worker.hostname} was told: shut down.`).first().waitFor();
    // As its command line does.
    await worker.shutdownRequested;
    await worker.stop();
    await page.getByText("offline", { exact: true }).waitFor();
  });

  it("do not show themselves at a SQL broker, which the page explains", async () => {
    const app = testApp({ brokerUrl: `sqla+sqlite:///${await sqliteFile()}` });
    const { page, complaints } = await openDashboard({ app, path: "/#/workers" });
    await page.getByRole("heading", { name: "Workers of this broker do not show themselves" }).waitFor();
    await page.getByText("celerity up --broker redis://localhost").waitFor();
    expect(complaints).toEqual([]);
  });
});
