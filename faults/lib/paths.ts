/** Where things are, seen from the sources and from what they were compiled to. */
import { resolve } from "node:path";

/** The repository's root. */
export const root: string = resolve(
  import.meta.dirname,
  import.meta.filename.endsWith(".ts") ? "../.." : "../../..",
);

/** The command line program, compiled. */
export const program: string = `${root}/dist/cli/main.js`;

/** For the worker's `-A`. */
export const taskModule: string = `${root}/dist/faults/tasks.js`;

/** The environment that `npm test` and `npm run faults` make. */
export const python: string = `${root}/.venv/celery-latest/bin/python`;
