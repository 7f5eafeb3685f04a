/** Commands about the server. */
import { globMatches } from "../glob.ts";
import { NO_LIST, OK, Pairs, Refusal, type Reply, Simple, Verbatim } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { type Call, type Command, type CommandTable, plain } from "./command.ts";
import { SERVER_VERSION } from "./version.ts";

/** Settings that clients look at; whatever they set stays as it is. */
const SETTINGS: Readonly<Record<string, string>> = {
  appendonly: "no",
  databases: "16",
  maxmemory: "0",
  "maxmemory-policy": "noeviction",
  "notify-keyspace-events": "",
  save: "",
  timeout: "0",
};

function info({ server }: Call, args: Arguments): Reply {
  const seconds = Math.floor((Date.now() - server.startedAtMs) / 1000);
  const sections: Readonly<Record<string, readonly string[]>> = {
    Server: [
      `redis_version:${SERVER_VERSION}`,
      "redis_mode:standalone",
      `process_id:${process.pid}`,
      `uptime_in_seconds:${seconds}`,
      `uptime_in_days:${Math.floor(seconds / 86_400)}`,
    ],
    Clients: [`connected_clients:${server.sessions.size}`, `blocked_clients:${server.waiters.size}`],
    Memory: [`used_memory:${server.usedBytes}`, "maxmemory:0", "maxmemory_policy:noeviction"],
    Persistence: ["loading:0", "rdb_last_bgsave_status:ok", "aof_enabled:0"],
    Stats: [`total_commands_processed:${server.commandCount}`],
    Replication: ["role:master", "connected_slaves:0"],
    Cluster: ["cluster_enabled:0"],
    Keyspace: server.databases
      .filter(({ size }) => size > 0)
      .map(({ index, size, mortalCount }) => `db${index}:keys=${size},expires=${mortalCount},avg_ttl=0`),
  };
  const wanted = args.keys(0).map((name) => name.toLowerCase());
  const isAll = wanted.length === 0 || wanted.some((name) => ["all", "default", "everything"].includes(name));
  const shown = Object.entries(sections).filter(([name]) => isAll || wanted.includes(name.toLowerCase()));
  return new Verbatim(shown.map(([name, lines]) => [`# ${name}`, ...lines, ""].join("\r\n")).join("\r\n"));
}

function flush({ server, database }: Call, args: Arguments, isAll: boolean): Reply {
  if (args.length > 1 || (args.length === 1 && !["ASYNC", "SYNC"].includes(args.word(0))))
    throw new Refusal(SYNTAX);
  for (const one of isAll ? server.databases : [database]) one.clear();
  server.tracking.onFlushed();
  return OK;
}

function describeCommand(name: string, command: Command): Reply {
  const [first, last, step] = command.keys ?? [-1, -1, 0];
  const places = step === 0 ? [0, 0, 0] : [first + 1, last < 0 ? last : last + 1, step];
  const flags = command.flags.flatMap((flag) => {
    if (flag === "write") return [new Simple("write")];
    return flag === "read" ? [new Simple("readonly")] : [];
  });
  return [name, command.arity, flags, ...places, [], [], [], []];
}

function listCommands({ server }: Call, names: readonly string[]): Reply {
  return names.map((name) => {
    const command = Object.hasOwn(server.commands, name) ? server.commands[name] : undefined;
    return command === undefined ? NO_LIST : describeCommand(name, command);
  });
}

function commandNames({ server }: Call): readonly string[] {
  return Object.keys(server.commands).filter((name) => !name.includes("|"));
}

export const SERVER: CommandTable = {
  info: plain(-1, info),
  time: plain(1, () => {
    const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    return [String(Math.floor(micros / 1e6)), String(micros % 1e6)];
  }),
  flushall: plain(-1, (call, args) => flush(call, args, true), "write"),
  flushdb: plain(-1, (call, args) => flush(call, args, false), "write"),
  role: plain(1, () => ["master", 0, []], "noscript"),
  wait: plain(3, () => 0, "noscript"),
  "config|get": plain(
    -3,
    (_, args) => {
      const patterns = args.keys(0).map((pattern) => pattern.toLowerCase());
      const found = Object.entries(SETTINGS).filter(([name]) =>
        patterns.some((pattern) => globMatches(pattern, name)),
      );
      return new Pairs(found);
    },
    "noscript",
  ),
  "config|set": plain(-4, () => OK, "noscript"),
  "config|resetstat": plain(2, () => OK, "noscript"),
  command: plain(-1, (call) => listCommands(call, commandNames(call))),
  "command|count": plain(2, (call) => commandNames(call).length),
  "command|info": plain(-2, (call, args) =>
    listCommands(call, args.length > 0 ? args.keys(0).map((name) => name.toLowerCase()) : commandNames(call)),
  ),
  "command|docs": plain(-2, () => new Pairs([])),
  "memory|usage": plain(-3, ({ database }, args) => database.get(args.key(0))?.bytes ?? null),
  "acl|whoami": plain(2, () => "default", "noscript"),
};
