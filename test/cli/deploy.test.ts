/** docs/deploy: manifests and units hold together, and fit the commands, routes and options of the code. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadAll } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { beatCommand } from "../../cli/commands/beat.ts";
import { gatewayCommand } from "../../cli/commands/gateway.ts";
import { workerCommand } from "../../cli/commands/worker.ts";
import { checkConfig } from "../../cli/config/check.ts";
import { parseConfig } from "../../cli/config/read-yaml.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const folder = fileURLToPath(new URL("../../docs/deploy/", import.meta.url));
const COMMANDS = { gateway: gatewayCommand(), worker: workerCommand(), beat: beatCommand() };
type CommandName = keyof typeof COMMANDS;

const API_VERSIONS: Readonly<Record<string, string>> = {
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  PodDisruptionBudget: "policy/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  NetworkPolicy: "networking.k8s.io/v1",
  Role: "rbac.authorization.k8s.io/v1",
  RoleBinding: "rbac.authorization.k8s.io/v1",
};

const objects: readonly PlainObject[] = readdirSync(`${folder}kubernetes`)
  .flatMap((file) => loadAll(readFileSync(`${folder}kubernetes/${file}`, "utf8")))
  .filter((object) => isPlainObject(object));

/** What stands at a path, as `spec.template.spec`; undefined for nothing. */
function at(object: unknown, path: string): unknown {
  return path.split(".").reduce((value, name) => (isPlainObject(value) ? value[name] : undefined), object);
}

function listAt(object: unknown, path: string): readonly unknown[] {
  const list = at(object, path);
  return Array.isArray(list) ? list : [];
}

/** Every object below with a member of this name. */
function allAt(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => allAt(item, name));
  if (!isPlainObject(value)) return [];
  const below = Object.values(value).flatMap((member) => allAt(member, name));
  return Object.hasOwn(value, name) ? [value[name], ...below] : below;
}

function named(kind: string, name: unknown): PlainObject | undefined {
  return objects.find((object) => object["kind"] === kind && at(object, "metadata.name") === name);
}

const workloads = objects.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");

function podsOf(selector: unknown): readonly PlainObject[] {
  const labels = Object.entries((at(selector, "matchLabels") ?? selector) as PlainObject);
  return workloads.filter((one) => {
    const has = at(one, "spec.template.metadata.labels") as PlainObject;
    return labels.every(([name, value]) => has[name] === value);
  });
}

function portsOf(workload: PlainObject): readonly PlainObject[] {
  return listAt(workload, "spec.template.spec.containers").flatMap(
    (one) => listAt(one, "ports") as PlainObject[],
  );
}

function hasPort(workload: PlainObject, port: unknown): boolean {
  return portsOf(workload).some(({ name, containerPort }) => name === port || containerPort === port);
}

describe("Kubernetes manifests", () => {
  it("are of known kinds, with a name each", () => {
    expect(objects.length).toBeGreaterThan(10);
    for (const { kind, apiVersion, metadata } of objects) {
      expect([kind, apiVersion]).toEqual([kind, API_VERSIONS[String(kind)]]);
      expect(at(metadata, "name")).toMatch(/^[a-z][a-z-]*$/);
    }
    const names = objects.map((object) => `${String(object["kind"])} ${String(at(object, "metadata.name"))}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it("refer to objects that are there", () => {
    for (const [kind, names] of [
      ["ConfigMap", allAt(objects, "configMap").map((one) => at(one, "name"))],
      ["Secret", allAt(objects, "secret").map((one) => at(one, "secretName"))],
      ["ServiceAccount", allAt(objects, "serviceAccountName")],
      ["Role", allAt(objects, "roleRef").map((one) => at(one, "name"))],
    ] as const) {
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(named(kind, name), `${kind} ${String(name)}`).toBeDefined();
    }
    for (const target of allAt(objects, "scaleTargetRef"))
      expect(named(String(at(target, "kind")), at(target, "name"))).toBeDefined();
    for (const key of allAt(objects, "secretKeyRef"))
      expect(at(named("Secret", at(key, "name")), "stringData")).toHaveProperty(String(at(key, "key")));
  });

  it("select pods that are there, by the labels that these have", () => {
    for (const workload of workloads) expect(podsOf(at(workload, "spec.selector"))).toEqual([workload]);
    const selectors = objects
      .filter(({ kind }) => kind === "Service" || kind === "PodDisruptionBudget" || kind === "NetworkPolicy")
      .map((object) => at(object, "spec.podSelector") ?? at(object, "spec.selector"));
    for (const selector of selectors) expect(podsOf(selector)).toHaveLength(1);
  });

  it("name ports that containers have", () => {
    for (const service of objects.filter(({ kind }) => kind === "Service")) {
      const [pod = {}] = podsOf(at(service, "spec.selector"));
      for (const port of listAt(service, "spec.ports"))
        expect(hasPort(pod, at(port, "targetPort"))).toBe(true);
    }
    for (const workload of workloads) {
      for (const probe of allAt(workload, "httpGet")) expect(hasPort(workload, at(probe, "port"))).toBe(true);
    }
    for (const policy of objects.filter(({ kind }) => kind === "NetworkPolicy")) {
      const [pod = {}] = podsOf(at(policy, "spec.podSelector"));
      const ports = listAt(policy, "spec.ingress").flatMap((rule) => listAt(rule, "ports"));
      for (const port of ports) expect(hasPort(pod, at(port, "port"))).toBe(true);
    }
  });

  it("mount volumes that pods have", () => {
    for (const workload of workloads) {
      const pod = at(workload, "spec.template.spec");
      const volumes = [...listAt(pod, "volumes"), ...listAt(workload, "spec.volumeClaimTemplates")].map(
        (one) => at(one, "name") ?? at(one, "metadata.name"),
      );
      const mounts = listAt(pod, "containers").flatMap((one) => listAt(one, "volumeMounts"));
      expect(mounts.map((one) => at(one, "name")).filter((name) => !volumes.includes(name))).toEqual([]);
    }
  });

  it.each(Object.keys(COMMANDS) as CommandName[])("run celerity %s with options that it has", (name) => {
    const [container] = listAt(named("Deployment", `celerity-${name}`), "spec.template.spec.containers");
    const [program, command, ...args] = listAt(container, "command").map(String);
    expect([program, command]).toEqual(["node_modules/.bin/celerity", name]);
    requireOptions(name, args);
  });

  it("ask the gateway for routes that are open to everybody", () => {
    const probes = allAt(named("Deployment", "celerity-gateway"), "httpGet").map((one) => at(one, "path"));
    expect(new Set(probes)).toEqual(new Set(["/healthz", "/readyz"]));
    for (const path of probes)
      expect(ROUTES.find((route) => route.path === path)).toMatchObject({ method: "GET", access: "public" });
  });

  it("ask workers for pages that they have", async () => {
    const worker = named("Deployment", "celerity-worker");
    const probes = allAt(worker, "httpGet").map((one) => String(at(one, "path")));
    const asked = [...JSON.stringify(worker).matchAll(/127\.0\.0\.1:9100(\/\w+)/g)].map(
      ([, path = ""]) => path,
    );
    expect([...probes, ...asked]).toEqual(["/healthz", "/drain"]);
    let url = "";
    const info = (facts: object): void => {
      if ("url" in facts) url = String(facts.url);
    };
    const logger = { debug: () => undefined, warn: () => undefined, info };
    await testWorker(testApp(), { pool: "async", metrics: { port: 0 }, logger });
    for (const path of [...probes, ...asked]) expect((await fetch(url + path)).status).toBe(200);
  });

  it("leave a stop as much time as it may take", () => {
    const pod = at(named("Deployment", "celerity-gateway"), "spec.template.spec");
    const [preStop] = allAt(pod, "preStop").map((one) => Number(at(one, "sleep.seconds")));
    const graceMs = Number(at(configured, "gateway.limits.close_grace_ms"));
    const attemptSeconds = 5;
    expect(at(pod, "terminationGracePeriodSeconds")).toBeGreaterThan(
      (preStop ?? 0) + graceMs / 1000 + attemptSeconds,
    );
  });

  let configured: PlainObject = {};
  beforeAll(async () => {
    const secrets = await temporaryFolder();
    for (const name of ["celerity", "celerity-gateway"]) {
      mkdirSync(join(secrets, name));
      const members = Object.entries(at(named("Secret", name), "stringData") as PlainObject);
      for (const [key, text] of members) writeFileSync(join(secrets, name, key), String(text));
    }
    const data = at(named("ConfigMap", "celerity-config"), "data") as PlainObject;
    const text = String(data["celerity.yaml"]);
    const { value, problems } = checkConfig(
      parseConfig("celerity.yaml", text.replaceAll("/run/secrets", secrets)),
      {},
    );
    expect(problems).toEqual([]);
    configured = value;
  });

  it("have a configuration that is right, on the ports that the containers open", () => {
    expect(at(configured, "app.broker_url")).toMatch(/^amqp:\/\/.*@rabbitmq:5672\/\/$/);
    expect(portsOf(named("Deployment", "celerity-gateway") ?? {})).toEqual([
      { name: "http", containerPort: at(configured, "gateway.listen.port") },
    ]);
    expect(portsOf(named("Deployment", "celerity-worker") ?? {})).toEqual([
      { name: "metrics", containerPort: at(configured, "worker.metrics_port") },
    ]);
  });

  it("give workers no secrets of gateways", () => {
    for (const name of ["celerity-worker", "celerity-beat"])
      expect(JSON.stringify(named("Deployment", name))).not.toContain("celerity-gateway");
  });
});

function requireOptions(name: CommandName, args: readonly string[]): void {
  const known = COMMANDS[name].options.flatMap(({ short, long }) => [short, long]);
  expect(args.filter((arg) => arg.startsWith("-") && !known.includes(arg))).toEqual([]);
}

const UNITS = readdirSync(`${folder}systemd`);
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe("systemd units", () => {
  it.each(UNITS)("%s runs a command with options that it has", (unit) => {
    const text = readFileSync(`${folder}systemd/${unit}`, "utf8");
    const [, line = ""] = /^ExecStart=\S+\/celerity (.*)$/m.exec(text) ?? [];
    const [name = "", ...args] = line.split(" ");
    expect(Object.keys(COMMANDS)).toContain(name);
    requireOptions(name as CommandName, args);
    expect(text).toMatch(/^\[Unit\][\s\S]*^\[Service\][\s\S]*^\[Install\]/m);
  });

  it.skipIf(!hasSystemd)("are what systemd takes", async () => {
    const copies = await temporaryFolder();
    const files = UNITS.map((unit) => {
      const copy = join(copies, unit);
      const text = readFileSync(`${folder}systemd/${unit}`, "utf8");
      // systemd looks whether the program is there.
      writeFileSync(copy, text.replaceAll("/srv/app/node_modules/.bin/celerity", process.execPath));
      return copy;
    });
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

it.each(["systemd.md", "kubernetes.md", "sizing.md", "../configuration.md"])(
  "%s links to pages that are there",
  (page) => {
    const text = readFileSync(folder + page, "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]*)(?:#([^)]*))?\)/g)];
    expect(links.length).toBeGreaterThan(0);
    for (const [, path = "", heading] of links) {
      const target = join(folder, dirname(page), path);
      expect(existsSync(target), path).toBe(true);
      if (heading !== undefined) expect(headingsOf(readFileSync(target, "utf8"))).toContain(heading);
    }
  },
);

function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}
