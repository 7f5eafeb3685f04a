/** In protocol 1 a chain travels by links: Python workers of both ages run what TypeScript composes. */
import { describe, expect, test } from "vitest";
import { chain, chord, group } from "../../app/index.ts";
import { type PythonVersion, startPythonWorker } from "../helpers/python.ts";
import { backends, brokers, pythonTasks } from "./places.ts";
import { createTestApp } from "./sides.ts";

const VERSIONS: readonly PythonVersion[] = ["5.2", "latest"];
/** What `py.echo` returns. */
const echoed = (...args: readonly unknown[]): unknown => [args, {}];

describe.each(VERSIONS)("Celery %s", (version) => {
  test("runs canvases of protocol 1", async () => {
    const [broker, backend] = await Promise.all([brokers.Redis(), backends.Redis()]);
    const app = createTestApp({
      brokerUrl: broker,
      resultBackend: backend,
      taskProtocol: 1,
      taskRoutes: { "py.*": { queue: "py" } },
    });
    await startPythonWorker({ version, broker, backend, ...pythonTasks, args: ["-Q", "py"] });
    const echo = app.taskRef<readonly unknown[], unknown>("py.echo");
    const step = (...args: readonly unknown[]) => echo.s(...args).set({ queue: "py" });

    const steps = await chain(step(1), step(2), step(3)).delay();
    const long = await chain(
      Array.from({ length: 12 }, (_, at) => step(at).set({ immutable: true })),
    ).delay();
    const fork = await chain(step(5), group([step(), step(1)])).delay();
    // Celery loses the order of a header's results in protocol 1.
    const join = await chain(group([step(1), step(1)]), step(), step(4)).delay();
    const body = await chord([step(1), step(1)], step()).delay();

    expect(await steps.get()).toEqual(echoed(echoed(echoed(1), 2), 3));
    expect(await steps.parent?.parent?.get()).toEqual(echoed(1));
    expect(await long.get()).toEqual(echoed(11));
    expect(await fork.get()).toEqual([echoed(echoed(5)), echoed(echoed(5), 1)]);
    expect(await join.get()).toEqual(echoed(echoed([echoed(1), echoed(1)]), 4));
    expect(await body.get()).toEqual(echoed([echoed(1), echoed(1)]));
  });
});
