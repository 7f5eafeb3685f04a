/** The list of tasks with very many of them. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { testApp } from "../helpers/worker.ts";
import { describeInBrowser, openDashboard } from "./dashboard-page.ts";

const TOTAL = 10_000;
const BATCH = 1000;
/** A window of 844 px has no room for more rows, with those to spare. */
const MAX_DRAWN = 60;

describeInBrowser("the list of 10 000 tasks", () => {
  it("draws what is seen only, and gets to the end", async () => {
    const app = testApp();
    const { page, url, complaints } = await openDashboard({ app });
    for (let sent = 0; sent < TOTAL; sent += BATCH) await sendMany(url, sent);
    await page.reload();
    await page.locator(".tasks-scroller").waitFor();
    const rows = page.locator(".tasks-row");
    // To the end of what is there, and again: the pages come while it goes on.
    await expect
      .poll(
        async () => {
          await scrollTo(page, "list.scrollHeight");
          expect(await rows.count()).toBeLessThan(MAX_DRAWN);
          return await page.locator(".tasks-end").textContent();
        },
        { timeout: 30_000, interval: 50 },
      )
      .toMatch(/^10.?000 in all$/);
    await scrollTo(page, "list.scrollHeight");
    await page.locator('[aria-rowindex="10001"]').waitFor();
    await scrollTo(page, "9899 * 40");
    const row = page.locator('[aria-rowindex="9901"]');
    await row.waitFor();
    expect(await rows.count()).toBeLessThan(MAX_DRAWN);

    // The way back from a task leads to the same place.
    await row.getByRole("link").click();
    await page.getByRole("heading", { name: "load.task" }).waitFor();
    await page.keyboard.press("Escape");
    await row.waitFor();
    await page.keyboard.press("j");
    await page.locator(".tasks-row.current").waitFor();
    expect(await rows.count()).toBeLessThan(MAX_DRAWN);

    // What comes on top moves nothing away; a button leads there.
    await scrollTo(page, "5000 * 40");
    await page.locator('[aria-rowindex="5010"]').waitFor();
    const seen = await page.locator('[aria-rowindex="5010"]').getAttribute("data-id");
    await sendMany(url, TOTAL, 3);
    await page.getByRole("button", { name: "3 new tasks" }).waitFor();
    expect(await page.locator('[aria-rowindex="5013"]').getAttribute("data-id")).toBe(seen);
    await page.getByRole("button", { name: "3 new tasks" }).click();
    await page.locator('[aria-rowindex="2"]').waitFor();
    expect(complaints).toEqual([]);
  });
});

/** `top`: an expression of `list`, the element that scrolls, in pixels. In a string, because the types here are Node's. */
async function scrollTo(page: Page, top: string): Promise<void> {
  await page.evaluate(
    `{ const list = document.querySelector(".tasks-scroller"); list.scrollTo(0, ${top}); }`,
  );
}

/** Nobody runs them. */
async function sendMany(url: string, first: number, count = BATCH): Promise<void> {
  const tasks = Array.from({ length: count }, (_, at) => ({ task: "load.task", args: [first + at] }));
  const answer = await fetch(`${url}/v1/tasks:batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(tasks),
  });
  expect(answer.status).toBeLessThan(300);
  await answer.text();
}
