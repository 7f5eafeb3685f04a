import type { Fault } from "../lib/fault.ts";
import { damageOf } from "../lib/held.ts";
import { killUnderLoad } from "../lib/kill.ts";

/** A lease of 15 s, and 5 s more; the file must be whole. */
export const killOnSqlite: Fault = {
  name: "F4",
  what: "kill -9 of workers with their processes, under load; PRAGMA integrity_check",
  brokers: ["sqlite"],
  cases: [{ name: "one of two" }, { name: "all, a new one starts" }],
  async run(scene) {
    const all = scene.options.form.name.startsWith("all");
    const findings = await killUnderLoad(scene, { all, recoveryLimit: 20 });
    const damage = await damageOf(scene.options.place);
    const { checks = [] } = findings;
    return {
      ...findings,
      checks: [...checks, { what: "findings of PRAGMA integrity_check", value: damage, limit: 0 }],
    };
  },
};
