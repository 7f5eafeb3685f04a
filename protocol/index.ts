/**
 * Pure data and pure functions of Celery's protocol: no I/O, no clock.
 *
 * Glossary, beside Celery's own words: a *wire message* is the bytes, headers and properties that a broker carries; an
 * *outcome* is what one run of a task ended in, before anything is stored or acknowledged.
 */

export * from "./custom-headers.ts";
export * from "./envelope.ts";
export * from "./errors.ts";
export * from "./iso-time.ts";
export * from "./json-parser.ts";
export * from "./plain-tree.ts";
export * from "./python-json.ts";
export * from "./python-repr.ts";
export * from "./reserved-envelope.ts";
export * from "./result-document.ts";
export * from "./result-node.ts";
export * from "./signature.ts";
export * from "./states.ts";
export * from "./task-message.ts";
export * from "./task-request.ts";
export * from "./typed-values.ts";
export * from "./values.ts";
export * from "./wire-message.ts";
