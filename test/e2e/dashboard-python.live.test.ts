/** The dashboard in front of a worker of Python Celery. */
import { expect, it } from "vitest";
import { startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { redisUrl } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { describeInBrowser, openDashboard, sendTask, toldEvents } from "./dashboard-page.ts";

describeInBrowser("the dashboard, with Python Celery", () => {
  it("tells the story of tasks that it sent, and of those that others sent", async () => {
    const url = await redisUrl();
    const celery = { version: "latest", broker: url, backend: url, conf: { result_extended: true } } as const;
    const worker = await startPythonWorker({ ...celery, args: ["--task-events"] });
    const client = await startPythonClient(celery);
    const app = testApp({ brokerUrl: url, resultBackend: url });
    const { page, url: gateway, complaints } = await openDashboard({ app });
    await page.getByText("Ready", { exact: true }).waitFor();

    const id = await sendTask(gateway, { task: "py.retry", args: [2] });
    await page.getByRole("row", { name: /SUCCESS py.retry/ }).waitFor();
    const other = await client.send("examples.fail", ["no such customer"]);
    await page.getByRole("row", { name: /FAILURE examples.fail .* observed/ }).waitFor();

    await page.getByRole("link", { name: "py.retry" }).click();
    // Workers send their events in their own time, and not in order.
    await expect
      .poll(
        async () =>
          (await toldEvents(page)).filter((type) => type === "started" || type === "retried").sort(),
        {
          timeout: 20_000,
        },
      )
      .toEqual(["retried", "retried", "started", "started", "started"]);
    await page.getByRole("link", { name: worker.name }).waitFor();
    expect(page.url()).toContain(id);

    await page.goto(`${gateway}/#/tasks/${other}`);
    await page.getByRole("heading", { name: "ValueError" }).waitFor();
    await page.getByText("no such customer", { exact: true }).waitFor();
    await page.getByText(/sent by somebody else/).waitFor();
    await page.getByRole("button", { name: "Show arguments" }).click();
    await page.getByLabel("Arguments", { exact: true }).getByText("['no such customer']").waitFor();
    expect(complaints).toEqual([]);
  });
});
