/** Every setting of the real Celery is accounted for, and docs/settings.md says so (`npx vitest -u` writes it again). */
import { beforeAll, describe, expect, it } from "vitest";
import { ABSENT_STORES, absentSetting } from "../../app/celery-settings.ts";
import { celeryName, presentName } from "../../app/setting-names.ts";
import { DEFAULT_SETTINGS } from "../../app/settings.ts";
import { python } from "../helpers/python.ts";

interface CelerySettings {
  /** Defaults as Python prints them, by present name. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Present names by those from before Celery 4.0. */
  readonly old: Readonly<Record<string, string>>;
}

const LIST = `
import json
from celery.app import defaults
print(json.dumps({
    "defaults": {name: repr(value) for name, value in defaults.DEFAULTS.items()},
    "old": defaults._TO_NEW_KEY,
}))
`;

const OURS: ReadonlyMap<string, unknown> = new Map(
  Object.entries(DEFAULT_SETTINGS).map(([name, value]) => [celeryName(name), value]),
);

let celery: CelerySettings;
beforeAll(async () => {
  celery = (await python({ version: "latest", code: LIST })) as CelerySettings;
});

describe("settings of Celery", () => {
  it("are all supported, or known not to be", () => {
    const names = Object.keys(celery.defaults);
    expect(names.filter((name) => !OURS.has(name) && absentSetting(name) === undefined)).toEqual([]);
    expect(names.filter((name) => OURS.has(name) && absentSetting(name) !== undefined)).toEqual([]);
  });

  it("are found by the names that they had before Celery 4.0", () => {
    const found = Object.keys(celery.old).map((name) => [name, presentName(name)]);
    expect(Object.fromEntries(found)).toEqual(celery.old);
  });

  it("are in docs/settings.md", async () => {
    await expect(page(celery.defaults)).toMatchFileSnapshot("../../docs/settings.md");
  });
});

function page(defaults: CelerySettings["defaults"]): string {
  const names = Object.keys(defaults).sort();
  const supported = names.filter((name) => OURS.has(name));
  const own = [...OURS.keys()].filter((name) => !Object.hasOwn(defaults, name)).sort();
  const stores = Object.keys(ABSENT_STORES);
  const absent = (kind: string): string[] =>
    names
      .filter(
        (name) => absentSetting(name)?.kind === kind && !stores.some((prefix) => name.startsWith(prefix)),
      )
      .map((name) => row(name, reasonOf(name)));
  return `${[
    "# Settings",
    "",
    "Every setting of Celery 5.7, and what becomes of it here. In code they are written in camelCase (`task_acks_late` is",
    "`createApp({ taskAcksLate: true })`), in the environment in capitals after `CELERY_` (`CELERY_TASK_ACKS_LATE=false`);",
    "code wins, and the environment over [the configuration file](configuration.md). Objects and lists of objects are JSON in the",
    "environment, lists of words have commas. `app/settings.ts` says what each one does.",
    "",
    "A name that neither Celery nor Celerity has is refused in code, with the name that is probably meant. A variable",
    "that looks like a setting and is none, such as one from before Celery 4 (`CELERY_ACKS_LATE`), is a warning that names",
    "the right one.",
    "",
    ...NOTES,
    "## Supported",
    "",
    "| setting | default | Celery's, where it differs |",
    "|---|---|---|",
    ...supported.map((name) => row(name, literal(OURS.get(name)), otherDefault(name, defaults[name] ?? ""))),
    "",
    "## Celerity's own",
    "",
    "| setting | default |",
    "|---|---|",
    ...own.map((name) => row(name, literal(OURS.get(name)))),
    "",
    "## Without a meaning here",
    "",
    "These may stay in a configuration that Python programs share; nothing is missing without them.",
    "",
    "| setting | why |",
    "|---|---|",
    ...absent("needless"),
    "",
    "## Not supported",
    "",
    "Each of these gives a warning with its name when it is set, and has no effect.",
    "",
    "| setting | what to know |",
    "|---|---|",
    ...absent("unsupported"),
    ...stores.map((prefix) => row(`${prefix}*`, reasonOf(`${prefix}x`))),
  ].join("\n")}\n`;
}

const NOTES = [
  "## TLS",
  "",
  "`broker_use_ssl` and `redis_backend_use_ssl` take Celery's dictionaries as they are, for RabbitMQ and Redis, with `ssl_`",
  "before the names or without, in snake_case or camelCase; `cert_reqs` is `required`, `optional`, `none`, or the number that",
  "Python's `ssl.CERT_*` stands for. `true` alone trusts the authorities that Node knows. Unlike in Celery, the server's",
  "certificate is checked unless `cert_reqs` says `none`.",
  "",
  "```ts",
  'createApp({ brokerUseSsl: { ca_certs: "ca.pem", certfile: "me.pem", keyfile: "me.key", cert_reqs: "required" } });',
  "```",
  "",
  "## Acknowledgements",
  "",
  "A task may have options of the same names, which win: `acksOnFailure`, `acksOnTimeout`, `acksOnFailureOrTimeout`,",
  "`retryOnWorkerLost`, `rejectOnWorkerLost`. They count for tasks that are acknowledged late, which is the default here.",
  "",
  "| what ended the task | with `false` |",
  "|---|---|",
  "| it threw: `task_acks_on_failure` | its message is rejected: to the queue's dead-letter exchange, where it has one |",
  "| its time limit: `task_acks_on_timeout` | its message goes back to the queue, and the task runs again |",
  "",
  "`task_retry_on_worker_lost` comes before `task_reject_on_worker_lost`: a task whose process died is sent again after its",
  "`defaultRetryDelay`, and fails when its `maxRetries` are used up.",
  "",
  "## Tasks inside their calls",
  "",
  "With `task_always_eager` the tasks that the app knows run inside the call that would send them, with all that follows:",
  "links, chains, groups and chords. Nothing needs a broker. Retries follow at once; an ETA, limits and queues do not count.",
  "Results stay in the process, unless `task_store_eager_result` keeps them in the result store (chords then need Redis).",
  "With `task_eager_propagates` the call throws what its task throws. Tasks of other programs are sent.",
  "",
] as const;

function row(name: string, ...cells: readonly string[]): string {
  return `| \`${name}\` | ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function reasonOf(name: string): string {
  return absentSetting(name)?.reason ?? "";
}

function literal(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

/** Python's spelling of a default, unless it says the same as ours. */
function otherDefault(name: string, theirs: string): string {
  const ours = OURS.get(name);
  const same = new Set([pythonLiteral(ours), SPELLINGS[theirs] ?? theirs]);
  return same.size === 1 || Number(theirs) === ours ? "" : `\`${theirs}\``;
}

function pythonLiteral(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value).replaceAll('"', "'");
}

/** Defaults that mean the same though they are written otherwise. */
const SPELLINGS: Readonly<Record<string, string>> = {
  "('json',)": "['json']",
  "datetime.timedelta(days=1)": "86400",
  inf: "None",
};
