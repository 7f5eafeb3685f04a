/** What is encoded: bodies of tasks, `[args, kwargs, embed]`. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const embed = { callbacks: null, errbacks: null, chain: null, chord: null };

function records(count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({
    id: at,
    name: `customer number ${at}`,
    email: `customer-${at}@example.com`,
    score: at * 1.25,
    active: at % 2 === 0,
    tags: ["red", "green"],
  }));
}

const order = {
  currency: "EUR",
  amount: 129.95,
  due: "2026-11-30T09:00:00+00:00",
  notify: true,
  retries: null,
  tags: ["invoice", "priority"],
  note: "Please send it before Friday.",
};

/** By their size as JSON. */
const DOCUMENTS = {
  "300 B": [[48_213, "customer-1138@example.com"], order, embed],
  "2 kB": [[records(14)], order, embed],
  "100 kB": [[records(770)], order, embed],
};

/** Puts the documents where programs in any language can read them; most are too large for a command line. */
export async function writeDocuments(folder: string): Promise<void> {
  await writeFile(join(folder, "documents.json"), JSON.stringify(DOCUMENTS));
}

/** Names and values, each an object of its own, as a message brings them. */
export function readDocuments(folder: string): readonly (readonly [name: string, value: unknown])[] {
  return Object.entries(JSON.parse(readFileSync(join(folder, "documents.json"), "utf8")));
}
