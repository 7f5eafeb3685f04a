/** Labels from names that strangers choose: the first ones are themselves, all further ones are `other`. */
export class BoundedNames {
  readonly #limit: number;
  readonly #names = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  fit(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= this.#limit) return "other";
    this.#names.add(name);
    return name;
  }
}
