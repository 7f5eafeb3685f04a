import { setTimeout as sleep } from "node:timers/promises";
import { GuardedProcess, type ProcessOptions, removeFolder } from "./services-process.ts";

/** How to run one kind of server. */
export interface ServerPlan extends ProcessOptions {
  readonly url: string;
  /** What it prints when it answers. */
  readonly ready: RegExp;
  /** What it prints when it ends because something of its last life is not gone yet; starting is tried again then. */
  readonly notYet?: RegExp;
}

/** A running server of our own, to be stopped, broken and brought back. It keeps its port and data throughout. */
export interface TestServer {
  readonly url: string;
  /** kill -9; resolves once it is gone. */
  kill(): Promise<void>;
  /** Starts it again, after a kill -9 if it runs; resolves once it answers. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Everything it printed since its last start. */
  output(): string;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server; resolves once it answers. */
export async function startServer(plan: ServerPlan): Promise<TestServer> {
  let server = await launch(plan);
  return {
    url: plan.url,
    kill: () => server.kill(),
    async restart() {
      await server.kill();
      server = await launch(plan);
    },
    pause: () => server.signal("SIGSTOP"),
    resume: () => server.signal("SIGCONT"),
    output: () => server.output(),
    async stop() {
      await server.stop();
      await removeFolder(plan.folder);
    },
  };
}

const START_ATTEMPTS = 20;

async function launch(plan: ServerPlan): Promise<GuardedProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const server = new GuardedProcess(plan);
    try {
      await server.waitForOutput(plan.ready);
      return server;
    } catch (error) {
      if (attempt === START_ATTEMPTS || plan.notYet?.test(server.output()) !== true) throw error;
      await sleep(200);
    }
  }
}
