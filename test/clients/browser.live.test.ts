/** The TypeScript client in a page that the gateway itself serves. */
import { fileURLToPath } from "node:url";
import express from "express";
import { expect, test } from "vitest";
import { describeInBrowser, openPage } from "../e2e/dashboard-page.ts";
import { openGateway } from "../gateway/place.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { CLIENTS } from "./languages.ts";
import { requireClient } from "./toolchain.ts";

const built = fileURLToPath(new URL("../../clients/typescript/dist", import.meta.url));

const PAGE =
  '<!doctype html><link rel="icon" href="data:,"><title>…</title><script type="module" src="page.js"></script>';
const PROGRAM = `
  import { Client } from "/client/index.js";
  const task = await new Client(location.origin).submit("steps", [2n ** 70n]);
  const seen = [];
  for await (const { event, data } of task.events()) seen.push(event === "state" ? data.state : event);
  document.title = [seen.at(-1), await new Client(location.origin, undefined, { exactNumbers: true }).task(task.id).result()].join();
`;

describeInBrowser("in a browser", () => {
  test("it sends, follows and reads", async () => {
    const [client] = CLIENTS;
    if (client !== undefined) await requireClient(client);
    const app = testApp();
    app.task("steps", (x: bigint): bigint => x + 1n);
    await testWorker(app);
    const { gateway, url } = await openGateway({ app });
    gateway.express.use("/client", express.static(built));
    gateway.express.get("/page/", (_, res) => void res.type("html").send(PAGE));
    gateway.express.get("/page/page.js", (_, res) => void res.type("js").send(PROGRAM));
    const { page, complaints } = await openPage(`${url}/page/`);
    const hasEnded = (): Promise<string> => page.title();
    await expect.poll(hasEnded, { timeout: 30_000 }).toBe("result,1180591620717411303425");
    expect(complaints).toEqual([]);
  });
});
