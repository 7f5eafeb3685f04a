/** The conformance suite: vectors, the contract with adapters, the runner and its reports. */

export * from "./ccp/contract.ts";
export * from "./ccp/messages.ts";
export * from "./ccp/schemas.ts";
export * from "./ccp/session.ts";
export * from "./expect/judge.ts";
export * from "./report/explain.ts";
export * from "./report/report.ts";
export * from "./report/write.ts";
export * from "./run/adapter.ts";
export * from "./run/known.ts";
export * from "./run/result.ts";
export * from "./run/runner.ts";
export * from "./run/verdict.ts";
export * from "./suite/load.ts";
export * from "./suite/patterns.ts";
export * from "./suite/select.ts";
export * from "./suite/vector.ts";
export * from "./suite/vector-schema.ts";
export * from "./values/compare.ts";
export * from "./values/tag.ts";
export * from "./values/tagged.ts";
export * from "./values/untag.ts";
