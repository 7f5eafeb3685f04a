/** The dashboard's view of queues, with workers in Python and TypeScript. */
import { expect, it, onTestFinished } from "vitest";
import { createGateway } from "../../gateway/index.ts";
import { publishRaw } from "../helpers/worker.ts";
import { confirmed, expectFine, openFleet, PATIENCE, rowOf, shareFleet, signIn } from "./dashboard-fleet.ts";
import { describeInBrowser } from "./dashboard-page.ts";

describeInBrowser("the queues of the dashboard", () => {
  const fleet = shareFleet();

  it("are paused and resumed for workers of both languages", async () => {
    const { page, worker, complaints } = await openFleet(fleet(), { path: "/#/queues" });
    const row = rowOf(page, "both");
    await row.getByRole("button", { name: "Pause" }).waitFor();
    await row.getByText("no worker").waitFor({ state: "detached" });
    // Both have been heard of.
    await confirmed(row, "Pause");
    const note = page.getByRole("main").getByRole("status").filter({ hasText: "is paused" });
    await note.waitFor();
    for (const name of [worker.hostname, fleet().python.name])
      expect(await note.textContent()).toContain(name);
    await row.getByText("no worker").waitFor();
    await confirmed(row, "Resume");
    await page.getByRole("main").getByText("both: 2 workers").waitFor();
    await row.getByText("no worker").waitFor({ state: "detached" });
    await expectFine(page);
    expect(complaints).toEqual([]);
  });

  it("are purged by those who type the name and know what is in them", async () => {
    const { page, app, url } = await openFleet(fleet(), { path: "/#/queues" });
    const row = rowOf(page, "idle");
    for (let at = 0; at < 3; at += 1) await publishRaw(app, "idle", {});
    await row.getByRole("cell", { name: "3", exact: true }).waitFor();
    await row.getByRole("button", { name: "Purge" }).click();
    const dialog = page.getByRole("dialog", { name: "Purge idle" });
    await dialog.getByText("3 messages").waitFor();
    const purge = dialog.getByRole("button", { name: "Purge" });
    expect(await purge.isDisabled()).toBe(true);
    await dialog.getByLabel("Type idle to confirm").fill("idle");
    await publishRaw(app, "idle", {});
    await purge.click();
    await dialog.getByRole("alert").first().waitFor();
    await dialog.getByText("4 messages").waitFor();
    expect(await (await fetch(`${url}/v1/queues/idle`)).json()).toMatchObject({ ready: 4 });
    await purge.click();
    await page.getByText("4 messages removed from idle.").first().waitFor();
    await row.getByRole("cell", { name: "4", exact: true }).waitFor({ state: "detached" });
  });

  it("go on when the gateway is back", async () => {
    const { page, app, gateway, port } = await openFleet(fleet(), { path: "/#/queues" });
    await rowOf(page, "celery").waitFor();
    await gateway.close();
    await page.getByText("Reconnecting: what you see may be old.").waitFor();
    await publishRaw(app, "idle", {});
    const again = createGateway({ app });
    onTestFinished(() => again.close());
    await again.listen({ port });
    await rowOf(page, "idle").getByRole("cell", { name: "1", exact: true }).waitFor();
    await page.getByText("Reconnecting").waitFor({ state: "detached" });
    await (await app.connection()).purgeQueue("idle");
  });

  it("say which scope a key lacks", async () => {
    const opened = await openFleet(fleet(), { path: "/#/queues", gateway: { access: {} } });
    const { page, gateway } = opened;
    const made = await gateway.apiKeys?.create({ name: "reader", policy: { scopes: ["queues:read"] } });
    await signIn(page, String(made?.key));
    const row = rowOf(page, "celery");
    await row.getByRole("button", { name: "Pause" }).click();
    const dialog = page.getByRole("dialog", { name: "Pause celery" });
    await dialog.getByRole("button", { name: "Pause" }).click();
    await dialog.getByText("This needs the scope queues:write.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await expect
      .poll(() => page.evaluate<string>("document.activeElement.textContent"), PATIENCE)
      .toBe("Pause");
  });
});
