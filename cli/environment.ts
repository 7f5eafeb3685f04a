/**
 * The environment as this process found it, for processes that begin with the same command line: what flags and the
 * configuration file put into it, they read themselves.
 */
export const ENVIRONMENT: NodeJS.ProcessEnv = { ...process.env };
