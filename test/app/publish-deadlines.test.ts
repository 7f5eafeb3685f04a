import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { PublishDeadlines } from "../../app/publish-deadlines.ts";
import { BrokerError } from "../../protocol/index.ts";

const NEVER = new Promise<void>(() => undefined);
const TOO_LATE = { code: "broker_unconfirmed", message: expect.stringContaining("it may have it") };

test("publishing ends as the broker says, and its error is the broker's", async () => {
  const deadlines = new PublishDeadlines(5);
  await deadlines.watch("a", Promise.resolve());
  const refusal = new BrokerError("broker_refused", "full");
  await expect(deadlines.watch("b", Promise.reject(refusal))).rejects.toBe(refusal);
});

test("what is too late is named, one after another, and what ends in between is not", async () => {
  const deadlines = new PublishDeadlines(0.5);
  const order: string[] = [];
  const send = (id: string, published: Promise<void>): Promise<unknown> =>
    deadlines.watch(id, published).then(
      () => order.push(`${id} sent`),
      (error: unknown) => {
        expect(error).toMatchObject(TOO_LATE);
        order.push(`${id} late`);
      },
    );
  await Promise.all([send("first", NEVER), send("second", NEVER), send("third", Promise.resolve())]);
  expect(order).toEqual(["third sent", "first late", "second late"]);
});

test("a deadline counts after a time without any", async () => {
  const deadlines = new PublishDeadlines(0.05);
  await deadlines.watch("a", Promise.resolve());
  await sleep(200);
  await expect(deadlines.watch("b", NEVER)).rejects.toMatchObject(TOO_LATE);
});
