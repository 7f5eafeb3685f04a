/** Folders import only what stands above them in this table; docs/architecture.md prints the same table. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

/** Which folders the files of a folder may import, beside their own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  codecs: ["protocol"],
  signing: ["protocol", "codecs", "stores"],
  stores: ["protocol"],
  transports: ["protocol", "stores"],
  backends: ["protocol", "codecs", "stores", "transports"],
  canvas: ["protocol"],
  egress: ["protocol"],
  app: ["protocol", "canvas", "codecs", "signing", "transports", "backends"],
  worker: [
    "protocol",
    "canvas",
    "codecs",
    "signing",
    "stores",
    "egress",
    "transports",
    "backends",
    "app",
    "version",
  ],
  beat: ["protocol", "codecs", "signing", "stores", "transports", "backends", "app", "version"],
  gateway: [
    "protocol",
    "canvas",
    "codecs",
    "signing",
    "stores",
    "egress",
    "transports",
    "backends",
    "app",
    "beat",
    "version",
  ],
  conformance: ["protocol", "codecs", "stores", "transports", "app", "gateway", "index"],
  cli: ["protocol", "signing", "transports", "app", "beat", "worker", "gateway", "conformance", "version"],
  testing: ["protocol", "codecs", "signing", "transports", "backends"],
  examples: ["index"],
  dashboard: [],
};

/** The one file of backends that talks to a broker. */
const RPC_ONLY = ["backends/index.ts", "backends/rpc.ts"];
/** The one part of conformance that is an application: Celerity as one of the implementations to try. */
const CELERITY_ADAPTER = "conformance/adapters/celerity/";
const IMPORT = /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

function importedFolders(file: string): string[] {
  const specifiers = [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => match[1] ?? "");
  return specifiers.map(
    (specifier) =>
      normalize(join(dirname(file), specifier))
        .split("/")[0]
        ?.replace(/\.tsx?$/, "") ?? "",
  );
}

describe("import direction", () => {
  it.each(Object.entries(MAY_IMPORT))("%s/ imports only what it may", (folder, allowed) => {
    const wrong = sourceFiles(folder).flatMap((file) =>
      importedFolders(file)
        .filter((imported) => imported !== folder && !allowed.includes(imported))
        .map((imported) => `${file} imports ${imported}/`),
    );
    expect(wrong).toEqual([]);
  });

  it("backends/ imports transports/ for rpc only", () => {
    const wrong = sourceFiles("backends").filter(
      (file) => !RPC_ONLY.includes(file) && importedFolders(file).includes("transports"),
    );
    expect(wrong).toEqual([]);
  });

  it("conformance/ imports the package and the gateway in its adapter only", () => {
    const wrong = sourceFiles("conformance").filter(
      (file) =>
        !file.startsWith(CELERITY_ADAPTER) &&
        importedFolders(file).some((folder) => folder === "index" || folder === "gateway"),
    );
    expect(wrong).toEqual([]);
  });
});
