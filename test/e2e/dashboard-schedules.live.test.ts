/** The dashboard's views of schedules, whose tasks Python and TypeScript run. */
import { expect, it } from "vitest";
import { confirmed, expectFine, openFleet, rowOf, shareFleet } from "./dashboard-fleet.ts";
import { describeInBrowser } from "./dashboard-page.ts";

describeInBrowser("the schedules of the dashboard", () => {
  const fleet = shareFleet();

  it("are made with the gateway's checks at the fields, run, paused, changed and deleted", async () => {
    const { page, url, complaints } = await openFleet(fleet(), { path: "/#/schedules" });
    await page.getByRole("heading", { name: "No schedules yet" }).waitFor();
    await page.getByText("celerity beat").first().waitFor();
    await expectFine(page);
    await page.getByRole("link", { name: "New schedule" }).click();
    await page.getByLabel("Name", { exact: true }).fill("nightly");
    await page.getByLabel("Task", { exact: true }).fill("py.echo");
    await page.getByLabel("When").selectOption("cron");
    await page.getByLabel("Crontab").fill("61 4 * * *");
    await page.getByLabel("Arguments JSON list").fill("[9007199254740991");
    await page.getByText("Not JSON").waitFor();
    await page.getByLabel("Arguments JSON list").fill("[9007199254740991]");
    await page.getByRole("button", { name: "Make the schedule" }).click();
    const wrong = page.locator(".field", { has: page.getByLabel("Crontab") }).locator(".error");
    await expect.poll(() => wrong.textContent(), { timeout: 20_000 }).toContain("61");
    await page.getByLabel("Crontab").fill("30 4 * * mon-fri");
    await page.getByText("at 04:30 on Monday to Friday").waitFor();
    expect(complaints.filter((text) => !text.includes("422"))).toEqual([]);
    complaints.length = 0;
    await expectFine(page);
    await page.getByRole("button", { name: "Make the schedule" }).click();

    const row = rowOf(page, "nightly");
    await row.getByText("at 04:30 on Monday to Friday").waitFor();
    await row.getByText(/^in \d+/).waitFor();
    await expectFine(page);
    await confirmed(row, "Run now");
    await page.getByRole("link", { name: "See the task" }).click();
    await page.getByText("SUCCESS").first().waitFor();
    // Exact, through the form, the schedule and Python.
    await page.getByText("9007199254740991").first().waitFor();
    await page.goBack();

    await confirmed(row, "Pause");
    await row.getByText("paused").waitFor();
    await confirmed(row, "Resume");
    await row.getByText(/^in \d+/).waitFor();

    await row.getByRole("link", { name: "nightly" }).click();
    await expect.poll(() => page.getByLabel("Arguments JSON list").inputValue()).toBe("[9007199254740991]");
    await page.getByRole("region", { name: "Next runs" }).waitFor();
    await page.getByLabel("When").selectOption("every");
    await page.getByLabel("Seconds").fill("7200");
    await page.getByLabel("Description").fill("Twelve times a day");
    await page.getByRole("button", { name: "Save" }).click();
    await row.getByText("every 2 hours").waitFor();
    await row.getByText("Twelve times a day").waitFor();
    const kept = await (await fetch(`${url}/v1/schedules/nightly`)).text();
    expect(kept).toContain("[9007199254740991]");

    await row.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete: nightly" });
    await dialog.getByLabel("Type nightly to confirm").fill("nightly");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No schedules yet" }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("that others changed meanwhile are not overwritten", async () => {
    const { page, url } = await openFleet(fleet(), { path: "/#/schedules" });
    const put = (every: number): Promise<Response> =>
      fetch(`${url}/v1/schedules/shared`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ task: "examples.add", args: [2, 3], every }),
      });
    await put(3600);
    await rowOf(page, "shared").getByText("every hour").waitFor();
    await page.getByRole("link", { name: "shared" }).click();
    await page.getByLabel("Seconds").fill("60");
    await put(86_400);
    await page.getByRole("button", { name: "Save" }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: /changed|If-Match|another/i })
      .first()
      .waitFor();
    expect(await (await fetch(`${url}/v1/schedules/shared`)).json()).toMatchObject({ every: 86_400 });
    await page.getByRole("link", { name: "Cancel" }).click();
    // TypeScript runs this one.
    await confirmed(rowOf(page, "shared"), "Run now");
    await page.getByRole("link", { name: "See the task" }).click();
    await page.getByText("SUCCESS").first().waitFor();
  });
});
