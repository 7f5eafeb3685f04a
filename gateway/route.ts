/** The shape of a route: how it is found, described, checked and run. */
import type { Scope } from "./access/caller.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { ProblemName } from "./problems.ts";
import type { Schema } from "./schema-parts.ts";
import type { SchemaName } from "./schemas.ts";

/** A parameter of the query or of the headers; those of the path are read from the path. */
export interface ParameterSpec {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
  readonly schema: Schema;
}

/** What the OpenAPI document says of a route. */
export interface OperationSpec {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly ParameterSpec[];
}

/** An answer that is not a problem. */
export interface ResponseSpec {
  readonly description: string;
  /** Absent for an answer without a body. */
  readonly schema?: SchemaName;
  /** Default: application/json. */
  readonly contentType?: string;
  /** Further types that the caller may ask for, all of them text. */
  readonly textTypes?: readonly string[];
  /** Names of headers worth knowing, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  /** Segments in braces are parameters: `/v1/tasks/{id}`. */
  readonly path: string;
  readonly operation: OperationSpec;
  /**
   * What its caller must be allowed; `known`: nothing, but to be known; `public`: not even that. Default: admin.
   */
  readonly access?: Scope | "known" | "public";
  /** Of the body; absent for routes without one. */
  readonly requestSchema?: SchemaName;
  /** A request without a body is good, too. */
  readonly isBodyOptional?: boolean;
  /** Instead of requestSchema: media types of the body other than application/json, and their schemas. */
  readonly requestTypes?: Readonly<Record<string, SchemaName>>;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Problems a caller should expect here, beside those that any request can end in. */
  readonly problems: readonly ProblemName[];
  /** Answers, or throws. */
  readonly handle: (exchange: Exchange, gateway: GatewayContext) => void | Promise<void>;
}
