/** What a caller may send to a process that runs a task: signals that end it, and one that it may catch. */
export const REVOKE_SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGKILL"] as const;
