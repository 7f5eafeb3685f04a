import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePorts, makeFolder } from "./services-process.ts";
import type { ServerPlan } from "./services-server.ts";

const execute = promisify(execFile);

/** The kinds of server that tests can have. */
export type ServiceName = "redis" | "rabbitmq" | "postgres";

/** For each server, the Debian package to install and where its program is, if it is. */
export const programs: Readonly<
  Record<ServiceName, { readonly debian: string; readonly path: string | undefined }>
> = {
  redis: { debian: "redis-server", path: find(["redis-server"]) },
  // Debian's command on PATH is a wrapper that insists on the system's user and folders.
  rabbitmq: {
    debian: "rabbitmq-server",
    path: find(["/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server"]),
  },
  postgres: { debian: "postgresql", path: find([...debianPostgres(), "postgres"]) },
};

/** A Redis with many databases. `args` are more of its command line, for example `["--requirepass", "x"]`. */
export async function redisPlan(args: readonly string[] = []): Promise<ServerPlan> {
  const [port, folder] = [await freePorts(1), await makeFolder("redis")];
  const where = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--databases", "512"];
  return {
    url: `redis://127.0.0.1:${port}`,
    command: program("redis"),
    args: [...where, "--save", "", ...args],
    folder,
    stopSignal: "SIGTERM",
    ready: /Ready to accept connections/,
  };
}

/**
 * A RabbitMQ node with the management API on the next port. It has its own cookie, its own port mapper and no name but
 * localhost, so it meets no other node. `config` are more lines of rabbitmq.conf.
 */
export async function rabbitPlan(config: readonly string[] = []): Promise<ServerPlan> {
  const [port, folder] = [await freePorts(4), await makeFolder("rabbitmq")];
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    "management.tcp.ip = 127.0.0.1",
    `management.tcp.port = ${port + 1}`,
    "log.console = true",
    "log.file = false",
    "disk_free_limit.absolute = 1MB",
    ...config,
  ];
  await writeFile(join(folder, "rabbitmq.conf"), `${lines.join("\n")}\n`);
  await writeFile(join(folder, "plugins"), "[rabbitmq_management].\n");
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    command: "/bin/sh",
    // The port mapper stays in our process group; one that the node starts would outlive it.
    args: ["-c", 'epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 & exec "$1"', "sh", program("rabbitmq")],
    folder,
    stopSignal: "SIGKILL",
    env: rabbitEnvironment(folder, port),
    ready: /Server startup complete/,
  };
}

function rabbitEnvironment(folder: string, port: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `celerity-${port}@localhost`,
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_DIST_PORT: String(port + 2),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    ERL_EPMD_PORT: String(port + 3),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    // Makes the start script become the node instead of watching over it, so that signals reach the node.
    RUNNING_UNDER_SYSTEMD: "true",
  };
}

/**
 * A PostgreSQL that trusts everyone and never syncs, so that a kill -9 costs it the last moment. It refuses to run as root, so
 * root runs it as its own user. `args` are more of its command line.
 */
export async function postgresPlan(args: readonly string[] = []): Promise<ServerPlan> {
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined;
  const [port, folder] = [await freePorts(1), await makeFolder("postgres", user)];
  const data = join(folder, "data");
  const initialise = [
    "--pgdata",
    data,
    "--username",
    "postgres",
    "--auth",
    "trust",
    "--encoding",
    "UTF8",
    "--no-sync",
  ];
  await execute(program("postgres").replace(/postgres$/, "initdb"), initialise, { cwd: folder, ...user });
  const settings = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
  ];
  return {
    url: `postgresql://postgres@127.0.0.1:${port}`,
    command: program("postgres"),
    args: [
      ...["-D", data, "-p", String(port), "-k", folder],
      ...settings.flatMap((setting) => ["-c", setting]),
      ...args,
    ],
    folder,
    stopSignal: "SIGQUIT",
    ready: /database system is ready to accept connections/,
    // After a kill -9 its other processes notice a moment later.
    notYet: /lock file .* already exists|shared memory block .* still in use/,
    ...(user && { user }),
  };
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string): Promise<number> =>
    Number((await execute("id", [flag, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

function program(name: ServiceName): string {
  const { path, debian } = programs[name];
  if (path === undefined) throw new Error(`${name} is not installed. On Debian: apt-get install ${debian}`);
  return path;
}

function find(candidates: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = candidates.flatMap((name) =>
    name.startsWith("/") ? [name] : folders.map((dir) => join(dir, name)),
  );
  return paths.find((path) => existsSync(path));
}

/** Debian keeps every version's programs in a folder of its own, off PATH; the newest version first. */
function debianPostgres(): string[] {
  const folder = "/usr/lib/postgresql";
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(folder, version, "bin/postgres"));
}
