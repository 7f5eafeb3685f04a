/** The app and everything a caller of tasks needs. */
export * from "./app.ts";
export * from "./apply-signature.ts";
export * from "./async-result.ts";
export * from "./dead-letters.ts";
export * from "./load-app.ts";
export * from "./load-settings.ts";
export * from "./producer.ts";
export * from "./remote-control.ts";
export * from "./routing.ts";
export * from "./sealing.ts";
export { type SecurityOptions, setupSecurity } from "./security.ts";
export * from "./settings.ts";
export * from "./signals.ts";
export * from "./task.ts";
export * from "./task-context.ts";
export * from "./task-control.ts";
export * from "./task-options.ts";
