/** `celery inspect stats`. Source: celery/worker/worker.py `stats`, celery/concurrency/prefork.py `_get_info`. */
import type { PlainObject } from "../../protocol/index.ts";
import { redactUrl, splitBrokerUrls } from "../../transports/index.ts";
import type { Worker } from "../worker.ts";
import type { Command } from "./command.ts";

export const stats: Command = (worker) => {
  const { parts, total, clock, startedAtMs, autoscaler } = worker;
  const lanes = parts?.lanes ?? [];
  return {
    total: Object.fromEntries(total),
    pid: process.pid,
    clock: String(clock.value),
    uptime: Math.trunc((Date.now() - startedAtMs) / 1000),
    pool: describePools(worker),
    broker: describeBroker(worker),
    prefetch_count: sum(lanes.map(({ prefetch }) => prefetch)),
    rusage: resourceUsage(),
    ...(autoscaler === undefined ? {} : { autoscaler: autoscaler.info() }),
  };
};

function describePools({ parts, app, maxTasksPerChild }: Worker): PlainObject {
  const pools = parts?.lanes.map(({ pool }) => pool) ?? [];
  const { taskSoftTimeLimit, taskTimeLimit } = app.settings;
  return {
    implementation: `celerity:${pools.map(({ name }) => name).join("+")}`,
    "max-concurrency": sum(pools.map(({ size }) => size)),
    processes: [...new Set(pools.flatMap(({ pids }) => pids))],
    "max-tasks-per-child": maxTasksPerChild ?? "N/A",
    "put-guarded-by-semaphore": false,
    timeouts: [taskSoftTimeLimit ?? 0, taskTimeLimit ?? 0],
    writes: "N/A",
  };
}

/** Schemes of broker URLs over TLS. */
const ENCRYPTED: ReadonlySet<string> = new Set(["amqps", "rediss", "pyamqps"]);

/** kombu's Connection.info() without secrets, for the first URL. */
function describeBroker({ app: { settings } }: Worker): PlainObject {
  const [first = "", ...alternates] = splitBrokerUrls(settings.brokerReadUrl ?? settings.brokerUrl);
  const [, transport = "", rest = ""] = /^([\w+]+):(?:\/\/)?(.*)$/s.exec(first) ?? [];
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  const text = (value: string | undefined): string | null =>
    value === undefined || value === "" ? null : value;
  return {
    hostname: text(url?.hostname),
    userid: text(url?.username),
    virtual_host: text(url?.pathname.slice(1)) ?? "/",
    port: url === undefined || url.port === "" ? null : Number(url.port),
    insist: false,
    ssl: ENCRYPTED.has(transport),
    transport,
    connect_timeout: settings.brokerConnectionTimeout,
    transport_options: {},
    login_method: transport.startsWith("amqp") ? "PLAIN" : null,
    uri_prefix: null,
    heartbeat: settings.brokerHeartbeat,
    failover_strategy: settings.brokerFailoverStrategy,
    alternates: alternates.map(redactUrl),
    credential_provider: null,
  };
}

/** Python's resource.getrusage of this process; memory in KiB. */
function resourceUsage(): PlainObject {
  const usage = process.resourceUsage();
  return {
    utime: usage.userCPUTime / 1e6,
    stime: usage.systemCPUTime / 1e6,
    maxrss: usage.maxRSS,
    ixrss: usage.sharedMemorySize,
    idrss: usage.unsharedDataSize,
    isrss: usage.unsharedStackSize,
    minflt: usage.minorPageFault,
    majflt: usage.majorPageFault,
    nswap: usage.swappedOut,
    inblock: usage.fsRead,
    oublock: usage.fsWrite,
    msgsnd: usage.ipcSent,
    msgrcv: usage.ipcReceived,
    nsignals: usage.signalsCount,
    nvcsw: usage.voluntaryContextSwitches,
    nivcsw: usage.involuntaryContextSwitches,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
