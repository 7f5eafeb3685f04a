/** The section `gateway`: what of a gateway's options is data, under the same names in snake_case. */
import {
  DEFAULT_GATEWAY_LIMITS,
  DEFAULT_HISTORY_SECONDS,
  DEFAULT_WEBHOOK_SETTINGS,
} from "../../gateway/index.ts";
import {
  definition,
  list,
  named,
  number,
  type OptionFacts,
  onOff,
  type Schema,
  secret,
  section,
  text,
  whole,
  words,
} from "./schema-parts.ts";

/** Options with a number each, and what they mean; the defaults are those of the code. */
function numbers(
  defaults: Readonly<Record<string, unknown>>,
  descriptions: Readonly<Record<string, string>>,
  facts: OptionFacts = {},
): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(descriptions).map(([name, description]) => {
      const value = defaults[name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())];
      return [name, whole(description, { minimum: 1, default: value, ...facts })];
    }),
  );
}

const limits = section(
  "Bounds that keep one caller, or many, from using the process up.",
  numbers(DEFAULT_GATEWAY_LIMITS as unknown as Record<string, unknown>, {
    body_bytes: "Largest body of a request, in bytes.",
    batch_bytes: "Largest body of a batch, in bytes.",
    depth: "Deepest nesting of a body.",
    workflow_tasks: "Tasks of one workflow.",
    workflow_depth: "Chains, groups and chords within each other.",
    workflow_bytes: "Bytes of the messages that start one workflow.",
    schedules: "Schedules that may be made.",
    dead_letters: "Dead letters of a queue that are looked at.",
    body_bytes_held: "Bytes of bodies held at one time, over all requests.",
    waits: "Requests that wait for a task at one time.",
    streams: "Event streams at one time.",
    broker_silence_ms:
      "Tasks are refused while others wait for the broker and it has confirmed none for so long, in milliseconds.",
    headers_timeout_ms: "Time for a request's headers, in milliseconds.",
    request_timeout_ms: "Time for a whole request, in milliseconds.",
    close_grace_ms: "Time that a stop gives running requests, in milliseconds.",
    heartbeat_ms: "Time between the comments that keep an idle stream open, in milliseconds.",
  }),
);

const jwt = section(
  "Take JSON Web Tokens of one issuer.",
  {
    jwks: text("The issuer's keys: an https: URL, or a file."),
    issuer: text("What iss must be."),
    audience: text("What aud must be or hold."),
    algorithms: words("Signature algorithms that are taken; default: all with public keys."),
    required_claims: words("Claims that must be there beside iss, aud, sub and exp."),
    scope_claim: text("Claim that says the scopes.", { default: "scope" }),
    tenant_claim: text("Claim that says the tenant.", { default: "tenant" }),
    policy: definition("AccessPolicy"),
    clock_tolerance_seconds: number("How far clocks may differ.", { default: 30 }),
  },
  ["jwks", "issuer", "audience"],
);

const access = section("Present: nobody calls without a credential. {} takes API keys alone.", {
  failures_per_minute: whole("Wrong credentials from one address before it has to wait; 0: no limit.", {
    default: 30,
  }),
  jwt,
  users: list(
    "Passwords for HTTP Basic, for Flower's API alone.",
    section(
      "One user.",
      {
        name: text("Without a colon."),
        password: secret("Better as $env or $file."),
        policy: definition("AccessPolicy"),
      },
      ["name", "password"],
    ),
  ),
  tenants: named(
    "Tenants by name; those that need nothing of their own need not be here.",
    section("One tenant.", { queue_prefix: text("Stands before the names of all its queues.") }),
  ),
});

const webhooks = section("How callbacks are signed and sent.", {
  secrets: list(
    "Sign callbacks: whsec_..., and whsk_... for public signatures. Default: one that is made.",
    secret("whsec_... or whsk_..."),
  ),
  signing_key: text("Ed25519 key for HTTP message signatures: a PEM file or a key folder.", {
    "x-flag": "webhookKey",
    writeOnly: true,
  }),
  keep_answers: onOff(
    "Keep 1 kB of receivers' answers in the log; default: unless egress opens private addresses.",
  ),
  schedule_seconds: list("Seconds before each attempt, counted from the one before.", number("Seconds."), {
    minItems: 1,
    maxItems: 100,
    default: DEFAULT_WEBHOOK_SETTINGS.scheduleSeconds,
  }),
  jitter: number("Part of a wait that is added to it at random.", {
    maximum: 10,
    default: DEFAULT_WEBHOOK_SETTINGS.jitter,
  }),
  ...numbers(DEFAULT_WEBHOOK_SETTINGS as unknown as Record<string, unknown>, {
    timeout_ms: "Time for one attempt, in milliseconds.",
    concurrency: "Attempts at one time.",
    concurrency_per_host: "Attempts at one time to one host.",
    throttle_seconds: "Pause for a target that answers 429, 502, 503 or 504 without Retry-After.",
    max_retry_after_seconds: "Longest pause that Retry-After may ask for.",
    disable_after_seconds: "An endpoint is disabled when all its deliveries have failed for so long.",
    retention_seconds: "How long the log keeps a delivery after its last change.",
    body_bytes: "Largest body that is sent; a result that does not fit is left out.",
    endpoints: "Endpoints of one tenant.",
    watched_tasks: "Tasks that are watched for callbacks, over all gateways.",
    waits: "Tasks whose end this process waits for; it looks for the others.",
    first_look_seconds: "Seconds until the first look for a result.",
    max_look_seconds: "Seconds between looks at most.",
    give_up_seconds: "A task is given up when nothing was heard of it for so long.",
    poll_ms: "How often the state is asked for what other gateways left, in milliseconds.",
  }),
});

const egress = section("Which addresses callbacks may go to, beside public ones on the ports 80 and 443.", {
  allow_cidrs: words("Networks that may be called although they are not public."),
  allow_hosts: words("Names whose addresses are not judged; *.internal stands for all names below."),
  allow_ports: list("Ports beside 80 and 443.", whole("A port.", { minimum: 1, maximum: 65_535 })),
  proxy_url: text("A proxy that all calls go through; it must judge addresses itself.", { writeOnly: true }),
  ca: text("Certificates to trust instead of Node's, as PEM text: { $file: ca.pem }."),
  user_agent: text("What calls say they are."),
  timeout_ms: whole("Time for a whole call, in milliseconds.", { minimum: 1, default: 10_000 }),
  connect_timeout_ms: whole("Time for one connection, in milliseconds.", { minimum: 1, default: 5000 }),
  max_bytes: whole("Most bytes of an answer's body that are kept.", { minimum: 1, default: 65_536 }),
  connections_per_host: whole("Open connections per host.", { minimum: 1, default: 32 }),
});

export const GATEWAY_SCHEMA: Schema = section("The gateway of `celerity gateway` and `celerity up`.", {
  listen: section("Where it listens.", {
    host: text("Address to listen on.", { "x-flag": "host", default: "127.0.0.1" }),
    port: whole("Port to listen on; 0 takes a free one.", {
      "x-flag": "port",
      maximum: 65_535,
      default: 8420,
    }),
    tls: section("Speak HTTPS.", {
      cert: text("File of the certificate (PEM, its chain after it).", { "x-flag": "tlsCert" }),
      key: text("File of its private key (PEM).", { "x-flag": "tlsKey" }),
      ca: text("File of the authorities whose client certificates count (PEM).", { "x-flag": "tlsCa" }),
    }),
  }),
  public_url: text("Where others find this gateway.", { "x-flag": "publicUrl" }),
  data_dir: text("Folder where data is kept.", { "x-flag": "dataDir", default: ".celerity" }),
  state: text("URL where it remembers: SQLite, PostgreSQL or Redis. Default: a file in data_dir.", {
    "x-flag": "state",
  }),
  state_transport_options: named("Of a Redis state: masterName of sentinels, ssl.", {}),
  schedules: text("Where schedules are kept: a SQL URL, database, or the file of beat's --schedule.", {
    "x-flag": "schedules",
  }),
  queues: words("Queues to serve beside those of the settings.", { "x-flag": "showQueues" }),
  limits,
  wait_max_seconds: number("Longest wait a caller may ask for.", { default: 60 }),
  lost_after_seconds: number("How long a task may leave no trace before it is said to be LOST.", {
    default: 604_800,
  }),
  idempotency_seconds: number("How long an Idempotency-Key counts.", { default: 86_400 }),
  hold_after_seconds: number(
    "Tasks with a longer delay are kept here until they are due; default: half of what the broker waits for an acknowledgement.",
  ),
  history: section("What happens to tasks, and statistics of them.", {
    enabled: onOff("Keep it.", { "x-flag": "history", default: true }),
    seconds: whole("How long it is kept.", { minimum: 3600, default: DEFAULT_HISTORY_SECONDS }),
    max_tasks: whole("Tasks whose history is kept, about. Default: 100000, and 10000 in memory.", {
      minimum: 1,
    }),
    observed: onOff("Listen to events of workers, and list tasks that others have sent.", {
      default: true,
    }),
  }),
  access,
  hooks: named("Webhooks that come in, by name.", definition("HookRequest")),
  cloud_events: definition("EventOptions"),
  webhooks,
  egress,
  flower_api: onOff("Serve Flower's API under /api.", { "x-flag": "flowerApi", default: true }),
  watch_workers: onOff("Listen for events of workers from the start.", {
    "x-flag": "watchWorkers",
    default: false,
  }),
  enable_task_events: onOff("Ask workers that send no events of their tasks to send them.", {
    default: true,
  }),
  access_log: onOff("Log a line for each request.", { "x-flag": "accessLog", default: false }),
  audit_log: text("File to which a line of JSON is appended for every request that changes something.", {
    "x-flag": "auditLog",
  }),
  allow_unauthenticated: onOff("Listen beyond loopback though nobody has to log in.", {
    "x-flag": "allowUnauthenticated",
    default: false,
  }),
  allow_traceback: onOff("Show tracebacks of failed tasks to callers who need no credential.", {
    default: false,
  }),
});
