/** A list with two cheap ends: queues push at one and pop at the other. */

const ITEM_OVERHEAD = 32;

export class ListValue {
  readonly type = "list";
  /** The first part backwards, so that its end is the head of the list. */
  #front: Buffer[] = [];
  #back: Buffer[] = [];
  /** Memory, about. */
  bytes = 0;

  get size(): number {
    return this.#front.length + this.#back.length;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  push(item: Buffer, atHead: boolean): void {
    (atHead ? this.#front : this.#back).push(item);
    this.bytes += item.length + ITEM_OVERHEAD;
  }

  pop(fromHead: boolean): Buffer | undefined {
    if ((fromHead ? this.#front : this.#back).length === 0) this.#balance(fromHead);
    const item = (fromHead ? this.#front : this.#back).pop();
    if (item !== undefined) this.bytes -= item.length + ITEM_OVERHEAD;
    return item;
  }

  /** Gives an empty end half of the other, so that popping costs the same in the long run, whichever end it is. */
  #balance(isFrontEmpty: boolean): void {
    const full = isFrontEmpty ? this.#back : this.#front;
    const moved = full.splice(0, Math.ceil(full.length / 2)).reverse();
    if (isFrontEmpty) this.#front = moved;
    else this.#back = moved;
  }

  /** From the head, beginning with 0; below 0 from the tail. */
  at(index: number): Buffer | undefined {
    const at = index < 0 ? index + this.size : index;
    const front = this.#front.length;
    return at < front ? this.#front[front - 1 - at] : this.#back[at - front];
  }

  set(index: number, item: Buffer): void {
    const at = index < 0 ? index + this.size : index;
    const front = this.#front.length;
    const old = this.at(at);
    if (old === undefined) return;
    if (at < front) this.#front[front - 1 - at] = item;
    else this.#back[at - front] = item;
    this.bytes += item.length - old.length;
  }

  slice(start: number, end: number): Buffer[] {
    const items: Buffer[] = [];
    for (let at = start; at < end; at += 1) {
      const item = this.at(at);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Takes other items instead. */
  replace(items: Buffer[]): void {
    this.#front = [];
    this.#back = items;
    this.bytes = items.reduce((sum, item) => sum + item.length + ITEM_OVERHEAD, 0);
  }

  copy(): ListValue {
    const copy = new ListValue();
    copy.replace(this.slice(0, this.size));
    return copy;
  }
}
