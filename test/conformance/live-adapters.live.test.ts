/** The two adapters on real brokers: each as worker for calls of the other, which reads the results. */
import { describe, expect, test } from "vitest";
import { type PythonVersion, pythonVersions } from "../helpers/python.ts";
import { amqpUrl, redisUrl } from "../helpers/services.ts";
import { certificatePem, keyPem, makeKeys, makePlace } from "../signing/auth-certificates.ts";
import { type AdapterName, AdapterProcess, type Answered } from "./adapter-process.ts";
import { CANVASES, CASES, int, success } from "./standard-tasks.ts";

/** Where a pair meets, as `configure` is told it. */
interface Meeting {
  readonly broker: string;
  readonly backend: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a Celery of some version does otherwise: results by task, undefined for those that never come. */
type Otherwise = Readonly<Record<string, Answered | undefined>>;

const ENV = { CONF_CONCURRENCY: "2" };
const RESULT_MS = 40_000;

async function onRedis(): Promise<Meeting> {
  const url = await redisUrl();
  return { broker: url, backend: url, env: ENV };
}

async function onRabbitAndRedis(): Promise<Meeting> {
  return { broker: await amqpUrl(), backend: await redisUrl(), env: ENV };
}

/** RabbitMQ alone, and no message that is not signed. */
async function onSignedRabbit(): Promise<Meeting> {
  const [folder, keys] = await Promise.all([makePlace(), makeKeys("rsa2048")]);
  const certificate = folder.write("certificate.pem", await certificatePem({ keys }));
  const env = {
    ...ENV,
    CONF_SECURITY_KEY: folder.write("key.pem", keyPem(keys)),
    CONF_SECURITY_CERTIFICATE: certificate,
    CONF_SECURITY_STORE: certificate,
  };
  return { broker: await amqpUrl(), backend: "rpc://", env };
}

/** An adapter that works for the queue `own` and sends to the queue `other`. */
async function start(name: AdapterName, meeting: Meeting, own: string, other = own): Promise<AdapterProcess> {
  const adapter = new AdapterProcess(name);
  const { commands } = await adapter.ask("start", { version: 1 });
  expect(commands).toEqual(expect.arrayContaining(["publish", "result", "work", "drain"]));
  await adapter.ask("configure", { ...meeting, queue: other });
  expect(await adapter.ask("work", { queue: own, tasks: "standard" })).toEqual({ ready: true });
  return adapter;
}

async function resultOf(adapter: AdapterProcess, message: Answered, timeoutMs: number): Promise<Answered> {
  const { id } = await adapter.ask("publish", message);
  return await adapter.ask("result", { id, timeout_ms: timeoutMs });
}

/** Calls all standard tasks at once. */
async function tryAll(adapter: AdapterProcess, otherwise: Otherwise): Promise<void> {
  const tried = CASES.map(async ({ task, args = [], kwargs = {}, options = {}, ...usual }) => {
    const gives = task in otherwise ? otherwise[task] : usual.gives;
    if (gives === undefined) return;
    const timeoutMs = gives["state"] === "PENDING" ? 500 : RESULT_MS;
    const call = { task: `conf.${task}`, args, kwargs, options };
    expect(await resultOf(adapter, { call }, timeoutMs), `${task}\n${adapter.stderr}`).toEqual(gives);
  });
  await Promise.all(tried);
}

async function tryCanvases(adapter: AdapterProcess): Promise<void> {
  for (const [kind, canvas] of Object.entries(CANVASES))
    expect(await resultOf(adapter, { canvas }, RESULT_MS), kind).toEqual(success(int(10)));
}

interface Pair {
  readonly version: PythonVersion;
  readonly on: string;
  readonly meet: () => Promise<Meeting>;
  readonly asWorker?: Otherwise;
  readonly asProducer?: Otherwise;
}

const PAIRS: readonly Pair[] = [
  { version: "latest", on: "Redis", meet: onRedis },
  {
    version: "latest",
    on: "RabbitMQ, signed",
    meet: onSignedRabbit,
    // Celery sends the result of what replaced a task to the worker that replaced it.
    asWorker: { replace: undefined },
  },
  {
    version: "5.2",
    on: "RabbitMQ and Redis",
    meet: onRabbitAndRedis,
    // Its messages say that the result is wanted, which newer workers follow.
    asProducer: { ignored: success(int(1)) },
  },
];

describe.each(PAIRS.filter(({ version }) => pythonVersions().includes(version)))(
  "Celery $version and Celerity on $on",
  ({ version, meet, asWorker = {}, asProducer = {} }) => {
    test("work for each other", async () => {
      const meeting = await meet();
      const [python, celerity] = await Promise.all([
        start(version, meeting, "python", "celerity"),
        start("celerity", meeting, "celerity", "python"),
      ]);
      await Promise.all([tryAll(python, asProducer), tryAll(celerity, asWorker)]);
      // A chord is counted in a store that both can see.
      if (meeting.backend !== "rpc://") await Promise.all([tryCanvases(python), tryCanvases(celerity)]);
      for (const adapter of [python, celerity]) {
        const pids = adapter.descendants();
        expect(await adapter.ask("drain")).toEqual({ ok: true });
        expect(await adapter.stop(), adapter.stderr).toBe(0);
        await expectEnded(pids);
      }
    }, 150_000);
  },
);

const ENDS: readonly (readonly [AdapterName, "group" | "adapter"])[] = [
  ["latest", "group"],
  ["5.2", "adapter"],
  ["celerity", "group"],
  ["celerity", "adapter"],
];

test.each(ENDS)("%s: a kill -9 of the %s leaves no process", async (name, what) => {
  const adapter = await start(name, await onRedis(), "q");
  await adapter.ask("publish", {
    call: { task: "conf.sleep", args: [int(60_000)], kwargs: {}, options: {} },
  });
  const pids = adapter.descendants();
  expect(pids.length).toBeGreaterThan(1);
  if (what === "group") adapter.kill();
  else process.kill(adapter.pid, "SIGKILL");
  await expectEnded(pids);
});

async function expectEnded(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each(pythonVersions())("Celery %s tells all that it would send for a canvas", async (version) => {
  const adapter = new AdapterProcess(version);
  await adapter.ask("start", { version: 1 });
  const broker = "redis://127.0.0.1:1/0";
  await adapter.ask("configure", { broker, backend: null, queue: "q", env: {} });
  const { wires, ...told } = await adapter.ask("capture", { canvas: CANVASES["chord"] });
  const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
  const routing = { exchange: "", routing_key: "q" };
  expect(told).toMatchObject({ ids: [uuid, uuid, uuid], groups: [uuid], routing: [routing, routing] });
  const header = { headers: { task: "conf.add" }, body_b64: expect.any(String) };
  expect(wires).toMatchObject([header, header]);
});
