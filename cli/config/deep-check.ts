/** What only those can say who will use the options: it is asked, and nothing is opened. */
import { Command } from "commander";
import { type App, celeryName, createApp } from "../../app/index.ts";
import { createGateway, type GatewayOptions, openState } from "../../gateway/index.ts";
import { toError } from "../../protocol/index.ts";
import { redactUrl } from "../../transports/index.ts";
import { printWarning } from "../print-warning.ts";
import { applyConfig } from "./apply.ts";
import { fileOptions } from "./gateway-options.ts";
import { type Config, sectionOf } from "./load.ts";
import type { ConfigProblem, Path } from "./problem.ts";

/** Longest time for a place to answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The app that the file and the environment describe. Throws ConfigurationError. */
function appOf(config: Config, onWarning: (message: string, error?: unknown) => void): App {
  const env = { ...process.env };
  applyConfig(new Command(), config, env);
  return createApp({ env, onWarning });
}

/** Every option of the gateway by itself, so that one that is wrong hides no other. */
export function deepProblems(config: Config, onWarning: (message: string) => void): readonly ConfigProblem[] {
  const tried = (path: Path, work: () => unknown): ConfigProblem[] => {
    try {
      work();
      return [];
    } catch (error) {
      return [{ path, message: withoutSecrets(config, error), line: config.source.lineOf(path) }];
    }
  };
  const opened: App[] = [];
  const problems = tried(["app"], () => opened.push(appOf(config, onWarning)));
  const section = sectionOf(config, "gateway");
  // A check leaves no file behind: the audit log would begin one.
  const { stateTransportOptions: _options, auditLog: _log, ...options } = fileOptions(section);
  const parts: [string, Partial<GatewayOptions>][] = Object.entries(options).map(([name, value]) => [
    celeryName(name),
    { [name]: value },
  ]);
  if (typeof section["state"] === "string") parts.push(["state", { stateUrl: section["state"] }]);
  const wrong = opened.flatMap((app) =>
    parts.flatMap(([name, part]) => tried(["gateway", name], () => createGateway({ app, ...part }))),
  );
  return [...problems, ...wrong];
}

/** Shorter ones are in every message. */
const MIN_SECRET = 4;

/** Errors of others may say what they were given. */
function withoutSecrets({ texts }: Config, error: unknown): string {
  const secrets = texts.filter(({ length }) => length >= MIN_SECRET);
  return secrets.reduce(
    (left, secret) => left.replaceAll(secret, "********"),
    redactUrl(toError(error).message),
  );
}

/** Whether broker, result store and state answer: what could not be reached. */
export async function connectProblems(config: Config): Promise<readonly ConfigProblem[]> {
  const app = appOf(config, printWarning);
  const { state, state_transport_options: options } = sectionOf(config, "gateway");
  const tries: [Path, () => Promise<unknown>][] = [[["app", "broker_url"], () => app.connection()]];
  if (app.keepsResults)
    tries.push([["app", "result_backend"], async () => (await app.backend()).get("celerity-config-check")]);
  if (typeof state === "string") {
    const transportOptions = (options ?? {}) as Readonly<Record<string, unknown>>;
    const open = async (): Promise<void> => {
      const store = openState({ url: state, transportOptions, onWarning: printWarning });
      await store.open();
      await store.close();
    };
    tries.push([["gateway", "state"], open]);
  }
  const results = await Promise.all(tries.map(([path, work]) => reached(config, path, work)));
  return results.flat().map((problem) => ({ ...problem, line: config.source.lineOf(problem.path) }));
}

async function reached(config: Config, path: Path, work: () => Promise<unknown>): Promise<ConfigProblem[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `it did not answer within ${CONNECT_TIMEOUT_MS / 1000} s`;
    timer = setTimeout(() => reject(new Error(message)), CONNECT_TIMEOUT_MS);
  });
  try {
    await Promise.race([work(), late]);
    return [];
  } catch (error) {
    return [{ path, message: `It cannot be reached: ${withoutSecrets(config, error)}.` }];
  } finally {
    clearTimeout(timer);
  }
}
