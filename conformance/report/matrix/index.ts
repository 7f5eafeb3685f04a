/** The matrix of implementations; scripts/conformance-matrix.mjs makes it. */

export * from "./make.ts";
export * from "./manifest.ts";
export * from "./markdown.ts";
export * from "./matrix.ts";
export * from "./page.ts";
export * from "./programs.ts";
export * from "./try.ts";
