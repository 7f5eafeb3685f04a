/** The clients, and how each is built and run here. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { clientPackage, clientPackages, clientPythonPath } from "./python-client.ts";

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** How the block of code in a README becomes a program. */
export interface QuickStart {
  /** Language of the README's block. */
  readonly fence: string;
  /** Files of a folder of its own, by path; `code` is the block as it is printed. */
  readonly files: (code: string) => Readonly<Record<string, string>>;
  /** Run in that folder. */
  readonly run: Command;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Client {
  /** Also the filter of its tests: `npx vitest run test/clients -t go`. */
  readonly name: string;
  /** Heading of its column in clients/README.md. */
  readonly title: string;
  /** Where its README and its manifest are. */
  readonly folder: string;
  /** Programs of the toolchain. */
  readonly needs: readonly string[];
  /** Packages of its language, which `npm test` installs. */
  readonly needsFolder?: string;
  /** Shell command that installs all of that. */
  readonly install: string;
  /** Run in the folder, once. */
  readonly build: readonly Command[];
  /** Its own tests, run in the folder. */
  readonly tests?: readonly Command[];
  /** The runner of the scenario, run in the folder. */
  readonly run: Command;
  readonly env?: Readonly<Record<string, string>>;
  readonly quickStart: QuickStart;
}

const CLIENTS_FOLDER = fileURLToPath(new URL("../../clients/", import.meta.url));
const folderOf = (name: string): string => `${CLIENTS_FOLDER}${name}`;

const TSX = createRequire(import.meta.url).resolve("tsx");
const TSC = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

const PYTHON = fileURLToPath(new URL("../../.venv/celery-latest/bin/python", import.meta.url));

/** Both kinds of Python clients. */
const ANY_PYTHON = {
  folder: clientPackage,
  needs: [PYTHON],
  needsFolder: clientPackages,
  install: "npm test",
  build: [],
  env: { PYTHONPATH: clientPythonPath, PYTHONDONTWRITEBYTECODE: "1" },
} as const;

export const CLIENTS: readonly Client[] = [
  {
    name: "typescript",
    title: "TypeScript",
    folder: folderOf("typescript"),
    needs: ["node"],
    install: "apt-get install nodejs",
    build: [["node", TSC, "-p", "."]],
    tests: [
      ["node", "--test", "tests/"],
      ["node", TSC, "-p", "tests/types"],
    ],
    run: ["node", "scenario/run.mjs"],
    quickStart: {
      fence: "ts",
      files: (code) => ({
        "start.mts": code,
        "node_modules/celerity-client/package.json": '{"type": "module", "exports": "./index.js"}',
        "node_modules/celerity-client/index.js": `export * from ${JSON.stringify(folderOf("typescript/dist/index.js"))};`,
      }),
      run: ["node", "--import", TSX, "start.mts"],
    },
  },
  {
    ...ANY_PYTHON,
    name: "python",
    title: "Python",
    tests: [[PYTHON, "-m", "unittest", "discover", "-s", "tests"]],
    run: [PYTHON, "scenario/run.py"],
    quickStart: { fence: "python", files: (code) => ({ "start.py": code }), run: [PYTHON, "start.py"] },
  },
  {
    ...ANY_PYTHON,
    name: "python, asynchronous",
    title: "Python, async",
    run: [PYTHON, "scenario/run.py", "async"],
    quickStart: { fence: "python async", files: (code) => ({ "start.py": code }), run: [PYTHON, "start.py"] },
  },
  {
    name: "go",
    title: "Go",
    folder: folderOf("go"),
    needs: ["go"],
    install: "https://go.dev/dl/ (1.23 or newer)",
    build: [["go", "-C", "scenario", "build", "-o", "scenario", "."]],
    tests: [
      ["go", "vet", "./..."],
      ["go", "test", "./..."],
    ],
    run: ["scenario/scenario"],
    quickStart: {
      fence: "go",
      files: (code) => ({
        "main.go": code,
        "go.mod": [
          "module quickstart",
          "go 1.23",
          "require github.com/celerity-tasks/celerity/clients/go v0.1.0",
          `replace github.com/celerity-tasks/celerity/clients/go => ${folderOf("go")}`,
          "",
        ].join("\n"),
      }),
      run: ["go", "run", "."],
    },
  },
  {
    name: "rust",
    title: "Rust",
    folder: folderOf("rust"),
    needs: ["cargo"],
    install: "rustup toolchain install stable (1.88 or newer)",
    build: [["cargo", "build", "-j2", "--locked", "--package", "scenario"]],
    tests: [["cargo", "test", "-j2", "--locked", "--no-default-features"]],
    run: ["target/debug/scenario"],
    quickStart: {
      fence: "rust,no_run",
      files: (code) => ({
        "src/main.rs": code,
        "Cargo.toml": [
          "[package]",
          'name = "quickstart"',
          'version = "0.1.0"',
          'edition = "2021"',
          "[dependencies]",
          `celerity-client = { path = "${folderOf("rust")}", default-features = false }`,
          "[workspace]",
          "",
        ].join("\n"),
        // The versions that are built and fetched already.
        "Cargo.lock": readFileSync(folderOf("rust/Cargo.lock"), "utf8"),
      }),
      run: ["cargo", "run", "--quiet"],
      env: { CARGO_TARGET_DIR: folderOf("rust/target") },
    },
  },
  {
    name: "php",
    title: "PHP",
    folder: folderOf("php"),
    needs: ["php"],
    install: "apt-get install php-cli",
    build: [],
    tests: [["php", "tests/run.php"]],
    run: ["php", "scenario/run.php"],
    quickStart: {
      fence: "php",
      files: (code) => ({
        "start.php": code,
        "vendor/autoload.php": `<?php require ${JSON.stringify(folderOf("php/autoload.php"))};\n`,
      }),
      run: ["php", "start.php"],
    },
  },
  {
    name: "java",
    title: "Java",
    folder: folderOf("java"),
    needs: ["java", "javac", "mvn"],
    install: "apt-get install openjdk-17-jdk-headless maven",
    build: [
      [
        "mvn",
        "-B",
        "-q",
        "package",
        "-DskipTests",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        "-DoutputDirectory=target/lib",
      ],
    ],
    tests: [["mvn", "-B", "-q", "test"]],
    run: ["java", "-cp", "target/classes:target/lib/*", "scenario/Scenario.java"],
    quickStart: {
      fence: "java",
      files: (code) => ({ "Start.java": code }),
      run: [
        "java",
        "-cp",
        `${folderOf("java/target/classes")}:${folderOf("java/target/lib/*")}`,
        "Start.java",
      ],
    },
  },
];
