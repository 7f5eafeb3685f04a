import { nodeName } from "../worker/index.ts";

/** `%n` (name), `%h` (host), `%d` (domain), `%p` (name@host) and `%%` in a path, as in a node name: `/run/celery/%n.pid`. Source: celery/bin/base.py. */
export function expandPath(path: string, hostname: string | undefined): string {
  const node = nodeName(hostname);
  const at = node.lastIndexOf("@");
  const [name, host] = [node.slice(0, at), node.slice(at + 1)];
  const domain = host.split(".").slice(1).join(".");
  const values: Readonly<Record<string, string>> = {
    n: name,
    h: host,
    d: domain,
    p: node,
    i: "",
    I: "",
    "%": "%",
  };
  return path.replace(/%([nhdpiI%])/g, (_all, key: string) => values[key] ?? "");
}
