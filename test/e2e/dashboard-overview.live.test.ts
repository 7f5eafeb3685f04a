/** The dashboard's overview of tasks that Python and TypeScript run. */
import { expect, it } from "vitest";
import { testApp } from "../helpers/worker.ts";
import { expectFine, openFleet, PATIENCE, shareFleet } from "./dashboard-fleet.ts";
import { describeInBrowser, openDashboard, sendTask } from "./dashboard-page.ts";

describeInBrowser("the overview of the dashboard", () => {
  const fleet = shareFleet();

  it("draws what happens while it happens, in the stretch of time that is chosen", async () => {
    const { page, url, complaints } = await openFleet(fleet(), { path: "/#/" });
    const tile = (title: string): Promise<string | null> =>
      page.locator(".overview-tile", { hasText: title }).locator("strong").textContent();
    await expect.poll(() => tile("Workers online"), PATIENCE).toBe("2");
    for (let at = 0; at < 4; at += 1)
      await sendTask(url, { task: "examples.add", args: [at, 1], queue: "celery" });
    await sendTask(url, { task: "examples.fail", args: ["no"], queue: "celery" });
    await sendTask(url, { task: "py.echo", args: [1], queue: "py" });
    await expect.poll(() => tile("Tasks accepted"), PATIENCE).toBe("6");
    await expect.poll(() => tile("Failures"), PATIENCE).toBe("17 %");
    expect(await tile("Dead letters")).toBe("0");
    await expect.poll(() => page.locator(".chart canvas").count(), PATIENCE).toBe(4);
    await page.getByRole("img", { name: /Tasks over time: 6 were accepted, 5 succeeded/ }).waitFor();
    await page.getByRole("button", { name: "Most failing" }).click();
    const names = (): Promise<readonly string[]> =>
      page.getByRole("table", { name: "Tasks" }).getByRole("link").allTextContents();
    await expect.poll(names, PATIENCE).toEqual(["examples.fail", "examples.add", "py.echo"]);
    await page.getByRole("button", { name: "Busiest" }).click();
    await expect.poll(names, PATIENCE).toEqual(["examples.add", "examples.fail", "py.echo"]);
    await expectFine(page);

    for (const [choice, title] of [
      ["6 h", "Tasks in 5 minutes"],
      ["24 h", "Tasks in 20 minutes"],
      ["7 d", "Tasks in 2 h"],
      ["15 min", "Tasks a minute"],
    ] as const) {
      await page.getByRole("button", { name: choice, exact: true }).click();
      await page.getByRole("heading", { name: title }).waitFor();
      await expect.poll(() => tile("Tasks accepted"), PATIENCE).toBe("6");
    }
    // New points come in other stretches, too.
    await sendTask(url, { task: "examples.add", args: [1, 1], queue: "celery" });
    await expect.poll(() => tile("Tasks accepted"), PATIENCE).toBe("7");
    expect(complaints).toEqual([]);
  });

  it("teaches the first steps where nothing is yet", async () => {
    const { page } = await openDashboard({ path: "/#/", app: testApp() });
    await page.getByText("celery -A tasks worker -E").waitFor();
    await page.getByRole("heading", { name: "Nothing has happened in this time" }).waitFor();
    await expectFine(page);
  });
});
