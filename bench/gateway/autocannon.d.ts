/** The part of autocannon that the gateway bench uses; the package has no types of its own. */
declare module "autocannon" {
  namespace autocannon {
    interface Options {
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      /** What differs from request to request. */
      readonly requests?: readonly { setupRequest(request: Request): Request }[];
      readonly body: string;
      readonly connections: number;
      /** Requests in all. */
      readonly amount: number;
      /** Milliseconds between two looks at the counters. */
      readonly sampleInt: number;
    }
    interface Request {
      readonly headers: Readonly<Record<string, string>>;
    }
    interface Result {
      readonly start: Date;
      readonly finish: Date;
      readonly non2xx: number;
      readonly errors: number;
      /** Milliseconds. */
      readonly latency: { readonly p99: number };
    }
  }
  function autocannon(options: autocannon.Options): Promise<autocannon.Result>;
  export default autocannon;
}
