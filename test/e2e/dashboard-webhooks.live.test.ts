/** The dashboard's views of webhooks, in and out, whose tasks Python and TypeScript run. */
import { expect, it } from "vitest";
import { signSample } from "../../gateway/hooks/sign-sample.ts";
import { openReceiver } from "../gateway/receiver.ts";
import { confirmed, expectFine, openFleet, rowOf, shareFleet } from "./dashboard-fleet.ts";
import { describeInBrowser, sendTask } from "./dashboard-page.ts";

const SECRET = "It's a Secret to Everybody";

describeInBrowser("the webhooks of the dashboard", () => {
  const fleet = shareFleet();

  it("that come in are shown with what became of them, and replayed", async () => {
    const options = {
      verifier: "github",
      secrets: [SECRET],
      rules: [{ task: "py.echo", args: [{ $ptr: "" }] }],
    } as const;
    const { page, url, complaints } = await openFleet(fleet(), {
      path: "/#/webhooks",
      gateway: { hooks: { repo: options } },
    });
    await page.getByText("Nothing has come in yet").waitFor();
    const body = Buffer.from('{"ref": "main", "exact": 9007199254740993}');
    const headers = { "content-type": "application/json", "x-github-delivery": "d-1" };
    const deliver = (secret: string): Promise<Response> =>
      fetch(`${url}/v1/hooks/repo`, {
        method: "POST",
        headers: { ...headers, ...signSample({ options, secret, body, now: new Date() }) },
        body,
      });
    expect((await deliver(SECRET)).status).toBe(202);
    expect((await deliver("another secret of some length")).status).toBe(401);
    const hooks = page.getByRole("table", { name: "Hooks" });
    await hooks.getByText("github").waitFor();
    await expect
      .poll(() => rowOf(page, "py.echo").first().textContent(), { timeout: 20_000 })
      .toMatch(/signature/i);
    const deliveries = page.getByRole("table", { name: "Deliveries that came in" });
    await deliveries.getByText("accepted").waitFor();
    await expectFine(page);

    await deliveries.getByRole("link", { name: /^repo/ }).click();
    await page.getByRole("region", { name: "Body", exact: true }).getByText("9007199254740993").waitFor();
    await page.getByText("[removed]").first().waitFor();
    await expectFine(page);
    await confirmed(page, "Replay");
    await page.getByRole("link", { name: "See the task" }).click();
    await page.getByText("SUCCESS").first().waitFor();
    expect(complaints).toEqual([]);
  });

  it("that go out are shown with their attempts, and sent again", async () => {
    const receiver = await openReceiver();
    const { page, url, complaints } = await openFleet(fleet(), {
      path: "/#/webhooks?tab=endpoints",
      gateway: { egress: { allowCidrs: ["127.0.0.1/32"], allowPorts: [receiver.port] } },
    });
    await page.getByRole("heading", { name: "No endpoints yet" }).waitFor();
    const put = await fetch(`${url}/v1/webhook-endpoints/ops`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: `${receiver.url}/in`, subscribe: { tasks: ["examples.*"] } }),
    });
    expect(put.status, await put.text()).toBe(201);
    await rowOf(page, "ops").getByText("healthy").waitFor();
    await expectFine(page);
    await page.getByRole("link", { name: "Going out" }).click();
    await page.getByRole("heading", { name: "No callbacks yet" }).waitFor();
    receiver.replies.push(500);
    await sendTask(url, { task: "examples.add", args: [2, 3] });
    await page.getByRole("link", { name: "celery.task.succeeded" }).click();
    await rowOf(page, "Attempt 1").getByText("500").waitFor();
    await expectFine(page);
    await confirmed(page, "Deliver again");
    await page.getByText("delivered", { exact: true }).waitFor();
    await receiver.called(2);
    await page.getByRole("link", { name: "ops" }).click();

    await confirmed(page, "Send a test");
    await page.getByRole("link", { name: "celery.webhook.test" }).waitFor();
    await receiver.called(3);
    await confirmed(page, "Disable");
    await page.getByText("somebody disabled it").waitFor();
    await confirmed(page, "Enable");
    await page.getByText("healthy").waitFor();
    await expectFine(page);
    await confirmed(page, "Change the secret");
    await page
      .getByRole("region", { name: "New secret" })
      .getByText(/^whsec_/)
      .waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByLabel("Type ops to confirm").fill("ops");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No endpoints yet" }).waitFor();
    expect(complaints).toEqual([]);
  });
});
