/** Checks the parameters of a query against what their route says of them, before it runs. */
import type { Exchange } from "./exchange.ts";
import { Problem } from "./problems.ts";
import type { ParameterSpec, Route } from "./route.ts";

/** Throws Problem `invalid-arguments` for a value that is too long, none of those allowed, or holds a NUL. */
export function requireParameters(exchange: Exchange, { operation: { parameters = [] } }: Route): void {
  if (exchange.search === "") return;
  for (const parameter of parameters) {
    if (parameter.in !== "query") continue;
    for (const value of exchange.query.getAll(parameter.name)) requireValue(parameter, value);
  }
}

function requireValue({ name, schema }: ParameterSpec, value: string): void {
  const { enum: allowed, maxLength } = schema;
  if (Array.isArray(allowed) && !allowed.includes(value))
    throw refusal(name, `must be ${allowed.join(" or ")}`);
  if (typeof maxLength === "number" && value.length > maxLength)
    throw refusal(name, `may have up to ${maxLength} characters`);
  // Some stores cannot keep it, nor look for it.
  if (value.includes("\0")) throw refusal(name, "may not hold a NUL");
}

function refusal(name: string, rule: string): Problem {
  return new Problem("invalid-arguments", { detail: `The parameter ${name} ${rule}.` });
}
