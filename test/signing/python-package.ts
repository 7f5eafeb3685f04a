/** Where the Python package of sealed headers is. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonFolder } from "../helpers/python-environment.ts";

export const packageFolder: string = fileURLToPath(new URL("../../clients/python/seal", import.meta.url));

/** Finds the package, its tests, and what the Python processes of our tests import. */
export const PYTHONPATH: string = [
  pythonFolder,
  join(packageFolder, "src"),
  join(packageFolder, "tests"),
].join(":");
