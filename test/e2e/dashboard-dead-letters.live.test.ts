/** The dashboard's views of dead letters: what a TypeScript worker could not run, Python can. */
import { expect, it } from "vitest";
import { confirmed, expectFine, openFleet, PATIENCE, rowOf, shareFleet } from "./dashboard-fleet.ts";
import { describeInBrowser, sendTask } from "./dashboard-page.ts";

describeInBrowser("the dead letters of the dashboard", () => {
  const fleet = shareFleet();

  it("are looked at, sent again one by one or all, and discarded", async () => {
    const { page, app, url, complaints } = await openFleet(fleet(), { path: "/#/dead-letters" });
    await page.getByRole("heading", { name: "No dead letters" }).waitFor();
    await expectFine(page);
    // Nobody takes these from celery but the TypeScript worker, which does not know them.
    await sendTask(url, { task: "plain.later", args: [9_007_199_254_740_991, "é"] });
    for (let at = 0; at < 3; at += 1)
      await sendTask(url, { task: "py.strange", queue: "celery", args: [at] });
    await expect.poll(() => page.getByRole("row").count(), PATIENCE).toBe(5);
    await page.getByLabel("By task").selectOption("plain.later");
    await expect.poll(() => page.getByRole("row").count(), PATIENCE).toBe(2);
    await rowOf(page, "plain.later").getByText("not_registered").waitFor();
    await expectFine(page);

    await page.getByRole("link", { name: "plain.later" }).click();
    await page.getByText("is registered with this worker").waitFor();
    await page.getByRole("region", { name: "Body", exact: true }).getByText("9007199254740991").waitFor();
    await page.getByRole("button", { name: "Hex" }).click();
    await page.getByRole("region", { name: "Body in hexadecimal" }).getByText("000000  5b").waitFor();
    await expectFine(page);
    app.task("plain.later", () => "at last");
    await confirmed(page, "Send again");
    await page.getByRole("link", { name: "See the task" }).click();
    await page.getByText("SUCCESS").first().waitFor();
    await page.goto(`${url}/#/dead-letters?task=py.strange`);

    await rowOf(page, "py.strange").nth(2).waitFor();
    await rowOf(page, "py.strange").first().getByRole("link").click();
    await confirmed(page, "Discard");
    await page.getByText("2 letters", { exact: true }).waitFor();
    app.task("py.strange", (at: number) => at);
    await page.getByRole("button", { name: "Send all again" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Letters in a second").fill("5000");
    await dialog.getByRole("button", { name: "Send them again" }).click();
    await dialog.locator(".error", { hasText: "1000" }).waitFor();
    await dialog.getByLabel("Letters in a second").fill("50");
    await page.keyboard.press("Enter");
    await page.getByText("Done: 2 of 2 letters sent again.").waitFor();
    await page.getByRole("heading", { name: "No dead letters" }).waitFor();
    expect(complaints.filter((text) => !text.includes("422"))).toEqual([]);
  });

  it("are sent to the worker in another language that can run them", async () => {
    const { page, url } = await openFleet(fleet(), { path: "/#/dead-letters" });
    const id = await sendTask(url, { task: "py.echo", queue: "celery", args: ["moved"] });
    await sendTask(url, { task: "nobody.has", queue: "celery" });
    await page.getByLabel("By task").selectOption("py.echo");
    await page.getByRole("button", { name: "Send all again" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("of the task py.echo").waitFor();
    await dialog.getByLabel("To the queue").fill("py");
    await page.keyboard.press("Enter");
    await page.getByText(/Done: 1 of 2 letters sent again; 1 left out/).waitFor();
    await expect
      .poll(async () => (await (await fetch(`${url}/v1/tasks/${id}`)).json()) as object, PATIENCE)
      .toMatchObject({ state: "SUCCESS", result: [["moved"], {}] });

    await page.goto(`${url}/#/dead-letters?queue=celery`);
    await page.getByRole("button", { name: "Discard all of celery" }).click();
    await dialog.getByText("1 dead letter").waitFor();
    await dialog.getByLabel("Type celery.dead to confirm").fill("celery.dead");
    await page.keyboard.press("Enter");
    await page.getByText("1 dead letter removed from celery.dead.").first().waitFor();
    await page.getByRole("heading", { name: "No dead letters" }).waitFor();
  });
});
