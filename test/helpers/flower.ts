/** A real Flower beside the latest Celery. */
import { cleanUp } from "../../testing/clean-up.ts";
import { pythonTasks } from "../e2e/places.ts";
import { pythonEnvironment, pythonFolder, requirePython } from "./python-environment.ts";
import { freePorts, temporaryFolder } from "./services.ts";
import { GuardedProcess } from "./services-process.ts";

export interface FlowerPlace {
  readonly broker: string;
  readonly backend: string;
}

/** Resolves to its address once it follows the events of the workers. Its buttons use its API, which is open. */
export async function startFlower(
  { broker, backend }: FlowerPlace,
  { inspectTimeoutMs }: { readonly inspectTimeoutMs: number },
): Promise<string> {
  const port = await freePorts(1);
  const flower = new GuardedProcess({
    command: requirePython("latest"),
    args: ["-m", "celery", "-A", "flower_app", "flower", "--address=127.0.0.1", `--port=${port}`],
    folder: await temporaryFolder(),
    stopSignal: "SIGTERM",
    cwd: pythonFolder,
    env: pythonEnvironment({
      broker,
      backend,
      env: {
        ...pythonTasks.env,
        FLOWER_UNAUTHENTICATED_API: "true",
        FLOWER_INSPECT_TIMEOUT: String(inspectTimeoutMs),
      },
    }),
  });
  // It keeps nothing, and takes its time to end in order.
  cleanUp(() => flower.kill());
  await flower.waitForOutput(/Connected to /);
  return `http://127.0.0.1:${port}`;
}
