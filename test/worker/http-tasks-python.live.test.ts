/** A real Celery client sends tasks that are URLs to a worker of ours, and what follows runs in Python and here. */
import { beforeAll, describe, expect, test } from "vitest";
import { createGateway } from "../../gateway/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createTestApp, type Sides, type SidesOptions, startSides, startWorker } from "../e2e/sides.ts";
import { post } from "../gateway/place.ts";
import { pythonVersions } from "../helpers/python.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const installed = pythonVersions();
const places: readonly SidesOptions[] = [
  { broker: "Redis", backend: "Redis", version: "latest" },
  { broker: "RabbitMQ", backend: "Redis", version: "5.2" },
];
const usable = places
  .filter(({ version }) => installed.includes(version))
  .map((place) => [`${place.broker} and Python Celery ${place.version}`, place] as const);

/** Doubles numbers; `/form` as Celery 3.1 asks for it, `/fail` fails, `/later` answers when it is told to. */
function startDoubler(): Promise<Receiver> {
  return startReceiver(({ method, url, body }) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    if (pathname === "/later") return { status: 202 };
    if (pathname === "/fail")
      return { status: 424, json: { type: "ValueError", message: "no such customer" } };
    if (pathname !== "/form") return { json: Number(body) * 2 };
    const x = Number((method === "GET" ? searchParams : new URLSearchParams(body)).get("x"));
    if (Number.isNaN(x)) return { json: { status: "failure", reason: "x is no number" } };
    return { json: { status: "success", retval: x * 2 } };
  });
}

describe.each(usable)("%s", (_name, place) => {
  let sides: Sides;
  let doubler: Receiver;
  let hook: (url: string, json?: number) => string;
  beforeAll(async () => {
    sides = await startSides(place);
    doubler = await startDoubler();
    const { brokerUrl, backendUrl: resultBackend } = sides;
    const settings = { brokerUrl, resultBackend, httpTasksCompletionSecret: SECRET };
    const gateway = await openGatewayFor(settings);
    const app = createTestApp({ ...settings, ...doubler.settings, httpTasksGatewayUrl: gateway });
    await startWorker(app, ["hooks"], { pool: "solo" });
    hook = (url, json) => {
      const kwargs = JSON.stringify({ url: doubler.url + url, ...(json === undefined ? {} : { json }) });
      return `signature("celerity.webhook", kwargs=${kwargs}, queue="hooks")`;
    };
    return () => sides.close();
  });

  const dispatch = (kwargs: object): Promise<string> =>
    sides.python.send(
      "celery.http_dispatch",
      [],
      { url: `${doubler.url}/form`, ...kwargs },
      { queue: "hooks" },
    );
  const run = async (canvas: string): Promise<unknown> =>
    sides.python.get(String(await sides.python.evaluate(canvas)));

  test("a webhook's answer is its result", async () => {
    const kwargs = { url: `${doubler.url}/`, json: 21 };
    const id = await sides.python.send("celerity.webhook", [], kwargs, { queue: "hooks" });
    expect(await sides.python.get(id)).toBe(42);
    expect(doubler.received.at(-1)?.headers["webhook-id"]).toBe(id);
  });

  test("what the receiver raises is raised in Python", async () => {
    await expect(run(`${hook("/fail", 1)}.delay()`)).rejects.toMatchObject({
      type: "ValueError",
      module: "builtins",
      message: "no such customer",
    });
  });

  test("a chain goes from Python over a webhook to TypeScript and back", async () => {
    const add = (queue: string, ...args: number[]): string =>
      `signature("examples.add", args=${JSON.stringify(args)}, queue="${queue}")`;
    const canvas = `chain(${add("py", 1, 2)}, ${hook("/")}, ${add("ts", 4)}, ${hook("/")}, ${add("py", 1)})()`;
    expect(await run(canvas)).toBe(21);
  });

  test("a chord of webhooks ends in Python", async () => {
    const header = [1, 2, 3].map((json) => hook("/", json)).join(", ");
    expect(await run(`chord([${header}])(signature("py.echo", queue="py"))`)).toEqual([[[2, 4, 6]], {}]);
  });

  test("a chain waits for an answer that comes later", async () => {
    const before = doubler.received.length;
    const echo = `signature("py.echo", queue="py")`;
    const id = String(await sides.python.evaluate(`chain(${hook("/later", 1)}, ${echo})()`));
    await expect.poll(() => doubler.received.length, { timeout: 20_000 }).toBe(before + 1);
    const url = String(doubler.received.at(-1)?.headers["celerity-complete-url"]);
    expect((await post(url, { result: "at last" })).status).toBe(204);
    expect(await sides.python.get(id)).toEqual([["at last"], {}]);
  });

  test.each(["GET", "POST"])("celery.http_dispatch with %s", async (method) => {
    expect(await sides.python.get(await dispatch({ method, x: 4 }))).toBe(8);
    expect(doubler.received.at(-1)?.method).toBe(method);
  });

  test("celery.http_dispatch fails as in Celery 3.1", async () => {
    await expect(sides.python.get(await dispatch({ x: "y" }))).rejects.toMatchObject({
      type: "RemoteExecuteError",
      message: "x is no number",
    });
    const odd = dispatch({ url: `${doubler.url}/fail` });
    await expect(sides.python.get(await odd)).rejects.toMatchObject({ type: "HTTPError" });
  });
});

/** The URL of a gateway of that fleet. */
async function openGatewayFor(settings: Parameters<typeof createTestApp>[0]): Promise<string> {
  const gateway = createGateway({ app: createTestApp(settings) });
  cleanUp(() => gateway.close());
  return (await gateway.listen({ port: 0 })).url;
}
