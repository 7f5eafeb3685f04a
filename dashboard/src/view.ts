/** What a view is given. */
export interface ViewProps {
  /** What the `:names` of its pattern stand for. */
  readonly params: Readonly<Record<string, string>>;
  /** Of the address. */
  readonly query: URLSearchParams;
}
