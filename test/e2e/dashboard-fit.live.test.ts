/** The dashboard fits every window, light and dark, and can be used by everyone. */
import { expect, it } from "vitest";
import { describeInBrowser, openDashboard, overflow, sendTask, seriousProblems } from "./dashboard-page.ts";

describeInBrowser("the dashboard", () => {
  it.each([
    ["light", 390],
    ["dark", 390],
    ["light", 768],
    ["dark", 1280],
  ] as const)("fits its window and can be used by everyone: %s, %i px", async (colorScheme, width) => {
    const { page, url, complaints } = await openDashboard({
      browser: { colorScheme, viewport: { width, height: 844 } },
    });
    const fits = async (): Promise<void> => {
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await seriousProblems(page)).toEqual([]);
    };
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await fits();
    const name = "a.long.module.path.that.goes.on.and.on.with_a_long_name_at_its_end";
    await sendTask(url, { task: name, tags: ["nightly"] });
    const failed = await sendTask(url, { task: "examples.fail", args: ["no"] });
    await page.getByRole("row", { name: /FAILURE examples.fail/ }).waitFor();
    await fits();
    await page.getByRole("link", { name }).click();
    await page.getByRole("heading", { name }).waitFor();
    await page.locator(".timeline li").first().waitFor();
    await fits();
    await page.goto(`${url}/#/tasks/${failed}`);
    await page.getByRole("heading", { name: "TypeError" }).waitFor();
    await fits();
    for (const path of ["send", "key", "no/such/page"]) {
      await page.goto(`${url}/#/${path}`);
      await page
        .getByRole("heading", { level: 1 })
        .or(page.getByRole("heading", { level: 2 }))
        .first()
        .waitFor();
      await fits();
    }
    const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe(colorScheme === "dark" ? "rgb(15, 19, 17)" : "rgb(245, 246, 245)");
    expect(complaints).toEqual([]);
  });
});
