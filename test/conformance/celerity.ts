/** The command line of Celerity's adapter. */
import { fileURLToPath } from "node:url";

const ADAPTER = fileURLToPath(new URL("../../conformance/adapters/celerity/adapter.ts", import.meta.url));

export const CELERITY: readonly [string, ...string[]] = [process.execPath, "--import", "tsx", ADAPTER];
