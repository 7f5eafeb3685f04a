/** The package's version, as it is told to monitors and printed by `--version`. test/package compares it with package.json. */
export const VERSION = "0.1.0";
