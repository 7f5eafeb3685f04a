import { build } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";

process.exitCode = (await ensurePackages()) && (await build()) ? 0 : 1;
