/** Names of worker nodes. Source: celery/utils/nodenames.py. */
import { hostname } from "node:os";

/** `celery@host` by default; a bare name gets `@host`; %h is the host, %n the name, %d the domain, %% a percent sign. */
export function nodeName(given: string | undefined, host: string = hostname()): string {
  const template = given === undefined || given === "" ? "celery@%h" : given;
  const [short = host, ...domain] = host.split(".");
  const expand = (text: string, name: string): string =>
    text.replace(
      /%([hnd%])/g,
      (_all, key: string) => ({ h: host, n: name, d: domain.join("."), "%": "%" })[key] ?? "",
    );
  const at = template.indexOf("@");
  const name = at === -1 ? template : template.slice(0, at) || "celery";
  return `${expand(name, short)}@${at === -1 ? host : expand(template.slice(at + 1), name)}`;
}
