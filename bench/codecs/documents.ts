/** What is encoded: bodies of tasks, `[args, kwargs, embed]`, by their size as JSON. */

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

/** By the size that names them. */
export const DOCUMENTS: Readonly<Record<string, unknown>> = {
  "300 B": [[48_213, "customer-1138@example.com"], order, embed],
  "2 kB": [[records(14)], order, embed],
  "100 kB": [[records(770)], order, embed],
};
