/**
 * Workflows composed in one language and run by workers of the same, of the other, or of both, with every kind of result
 * store: the results are those that Python alone gives.
 */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { TaskError } from "../../app/index.ts";
import { createGateway } from "../../gateway/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { PythonError } from "../helpers/python.ts";
import type { BackendName, BrokerName } from "./places.ts";
import { type Sides, startSides } from "./sides.ts";
import {
  type Cast,
  callOptions,
  type Form,
  inPython,
  inRest,
  inTypeScript,
  type Language,
  NESTED,
  PRIMITIVES,
} from "./workflow-forms.ts";

const TIMEOUT_MS = 30_000;
const FORMS = Object.entries({ ...PRIMITIVES, ...NESTED });
const PLACES: readonly (readonly [BackendName, BrokerName])[] = [
  ["Redis", "Redis"],
  ["SQLite", "RabbitMQ"],
  ["rpc", "RabbitMQ"],
];
type Runner = "Python" | "TypeScript" | "both";
const RUNNERS: Readonly<Record<Runner, readonly Language[]>> = {
  Python: ["py"],
  TypeScript: ["ts"],
  both: ["ts", "py"],
};

/** What came of a workflow: its result, and those of the tasks in it that are `called` something. */
type Ending = readonly unknown[];
type Composer = (sides: Sides, form: Form, runners: readonly Language[]) => Promise<Ending>;

const COMPOSERS: Readonly<Record<"Python" | "TypeScript" | "REST", Composer>> = {
  Python: async ({ python, app }, form, runners) => {
    const { cast, ids } = newCast(runners);
    const { queue } = callOptions(form, runners);
    const code = `(${inPython(form, cast)}).apply_async(${queue === undefined ? "" : `queue="${queue}"`})`;
    return endings(async () => python.get(String(await python.evaluate(code)), TIMEOUT_MS / 1000), app, ids);
  },
  TypeScript: async ({ app }, form, runners) => {
    const { cast, ids } = newCast(runners);
    const canvas = inTypeScript(form, cast);
    return endings(
      async () =>
        (await app.apply(canvas, { options: callOptions(form, runners) })).get({ timeoutMs: TIMEOUT_MS }),
      app,
      ids,
    );
  },
  async REST(_, form, runners) {
    return [await restEnding(inRest(form, runners, newCast(runners).cast))];
  },
};

const CELLS = Object.keys(COMPOSERS).flatMap((composer) =>
  Object.keys(RUNNERS).map((runner) => [composer as keyof typeof COMPOSERS, runner as Runner] as const),
);

/** The gateway that composes for callers who speak nothing but HTTP. */
let gatewayUrl: string;

/** What a caller is answered who waits for the end. The results of linked tasks are nobody's business there. */
async function restEnding(canvas: unknown): Promise<unknown> {
  const response = await fetch(`${gatewayUrl}/v1/workflows`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: `wait=${TIMEOUT_MS / 1000}` },
    body: JSON.stringify(canvas),
  });
  const answer = (await response.json()) as Answer;
  if (answer.type?.endsWith("/chords-impossible") === true) return NO_CHORDS;
  if (answer.state === "SUCCESS") return { value: answer.result };
  const failure = answer.error?.type;
  if (failure === undefined) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
  return CHORD_REFUSALS.has(failure) ? NO_CHORDS : { error: failure };
}

interface Answer {
  readonly type?: string;
  readonly state?: string;
  readonly result?: unknown;
  readonly error?: { readonly type: string };
}

function newCast(runners: readonly Language[]): { readonly cast: Cast; readonly ids: Map<string, string> } {
  let at = 0;
  const ids = new Map<string, string>();
  const cast: Cast = {
    next: () => runners[at++ % runners.length] as Language,
    idOf(called) {
      ids.set(called, randomUUID());
      return ids.get(called) as string;
    },
  };
  return { cast, ids };
}

async function endings(
  main: () => Promise<unknown>,
  app: Sides["app"],
  ids: ReadonlyMap<string, string>,
): Promise<Ending> {
  const first = await ending(main());
  // An rpc result goes to who sent the task, and that is a worker.
  if (app.settings.resultBackend === "rpc://") return [first];
  const others = [...ids.values()].map((id) => ending(app.result(id).get({ timeoutMs: TIMEOUT_MS })));
  return [first, ...(await Promise.all(others))];
}

/** A chord cannot be counted where results are messages: each language has its own word for that. */
const CHORD_REFUSALS: ReadonlySet<string> = new Set(["NotImplementedError", "ConfigurationError"]);
const NO_CHORDS = { error: "no chords" };

/** The value, or what is the same of an error whoever raised it. */
async function ending(result: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await result };
  } catch (error) {
    if (error instanceof PythonError && error.type === "TimeoutError") throw error;
    if (error instanceof ConfigurationError && /chord/i.test(error.message)) return NO_CHORDS;
    if (error instanceof PythonError || error instanceof TaskError) {
      return CHORD_REFUSALS.has(error.type) ? NO_CHORDS : { error: error.type };
    }
    throw error;
  }
}

describe.each(PLACES)("results in %s", (backend, broker) => {
  let sides: Sides;
  beforeAll(async () => {
    sides = await startSides({ broker, backend, version: "latest", sharedQueue: "celery" });
    const gateway = createGateway({ app: sides.app });
    gatewayUrl = (await gateway.listen({ port: 0 })).url;
    return async () => {
      await gateway.close();
      await sides.close();
    };
  });

  // With rpc, Celery sends the result of what replaces a task to the worker that was replaced: its own callers never hear.
  const forms = FORMS.filter(([name]) => backend !== "rpc" || !name.includes("replaces"));
  describe.each(forms)("%s", (_name, form) => {
    const endings = new Map<string, Promise<Ending>>();
    // All at once: polling for a chord takes a second each time.
    beforeAll(() => {
      for (const [composer, runner] of CELLS) {
        const ending = COMPOSERS[composer](sides, form, RUNNERS[runner]);
        ending.catch(() => undefined);
        endings.set(`${composer}, ${runner}`, ending);
      }
    });

    test.each(CELLS)("composed in %s, run by %s", async (composer, runner) => {
      const ended = await endings.get(`${composer}, ${runner}`);
      const expected = await endings.get("Python, Python");
      expect(ended).toHaveLength(composer === "REST" ? 1 : (expected?.length ?? 0));
      expect(ended).toEqual(expected?.slice(0, ended?.length));
    });
  });
});
