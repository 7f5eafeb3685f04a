import { expect, test } from "vitest";
import { homesApart } from "../../conformance/run/homes.ts";

test("rooms are used one worker at a time, in the order in which they were asked for", async () => {
  const rooms = ["redis://127.0.0.1:1/1", "redis://127.0.0.1:1/2"];
  const homes = homesApart({ broker: "redis://127.0.0.1:1/0", rooms });
  expect(homes?.count).toBe(2);
  const first = await homes?.open();
  const second = await homes?.open();
  expect([first, second].map((home) => home?.rig.servers.brokerUrl)).toEqual(rooms);
  const third = homes?.open();
  const fourth = homes?.open();
  await second?.close();
  await first?.close();
  const later = [await third, await fourth];
  expect(later.map((home) => home?.rig.servers.brokerUrl)).toEqual(rooms.toReversed());
  for (const home of later) await home?.close();
});

test("embedded servers are apart, and a broker without rooms is not", () => {
  expect(homesApart({})?.count).toBe(Number.POSITIVE_INFINITY);
  expect(homesApart({ broker: "sqlite" })?.count).toBe(Number.POSITIVE_INFINITY);
  expect(homesApart({ broker: "redis://127.0.0.1/0" })).toBeUndefined();
});

test("a room at another kind of broker is refused", () => {
  expect(() => homesApart({ broker: "redis://127.0.0.1/0", rooms: ["amqp://127.0.0.1/x"] })).toThrow(
    "A room must be at the same kind of broker as --broker.",
  );
});
