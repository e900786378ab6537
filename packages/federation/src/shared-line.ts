import TinyQueue from "tinyqueue";

/** Bytes on their way over a shared line. */
interface Transfer<T> {
  readonly owner: T;
  /** Bytes a second that this transfer could take by itself. */
  readonly limit: number;
  /** When it ends, if it gets its own limit; the work at which it ends, if it gets an equal part (see `work`). */
  end: number;
  /** How often `end` was set: an entry of a queue counts only if it is of the last time. */
  version: number;
}

/** A transfer in a queue; another entry replaces it when the transfer goes from own limit to equal part or back. */
interface Entry<T> {
  readonly transfer: Transfer<T>;
  readonly end: number;
  readonly version: number;
}

/**
 * A line of limited capacity, in bytes a second, that transfers share max-min fairly, which TCP approaches: nobody gets more than its own
 * limit, and nobody could get more without taking from one who has less.
 *
 * So the smallest limits are met, and everybody else gets an equal part. Who gets its own limit ends at an instant that
 * stays what it is. All equal parts grow by the same bytes, so their order stays the same however the part changes, and it
 * is enough to count those bytes once for all ("work", the virtual time of fair queueing). So nobody's share has to be
 * worked out when another transfer comes or goes, and ends are found in queues. (A plan for hundreds of parties asks for
 * some ten million transfers.)
 */
export class SharedLine<T> {
  private readonly capacity: number;
  /** In the order of their limits: first the `met` ones that get their own limit, then those that get an equal part. */
  private readonly transfers: Transfer<T>[] = [];
  private met = 0;
  /** Sum of the limits that are met. */
  private metRate = 0;
  /** Bytes that an equal part has got until the instant `since`; counted anew when nobody is left to get one. */
  private work = 0;
  private since = 0;
  private readonly metEnds = new TinyQueue<Entry<T>>([], byEnd);
  private readonly partEnds = new TinyQueue<Entry<T>>([], byEnd);

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** When the next transfer ends if no other comes before; infinite if there is none. */
  get nextEnd(): number {
    const met = this.first(this.metEnds)?.end ?? Number.POSITIVE_INFINITY;
    const part = this.first(this.partEnds);
    return part === undefined ? met : Math.min(met, this.instantOf(part.end));
  }

  /** Begins to send so many bytes. */
  add(owner: T, limit: number, bytes: number, now: number): void {
    this.advance(now);
    const transfer: Transfer<T> = { owner, limit, end: 0, version: 0 };
    const place = this.placeAfter(limit);
    this.transfers.splice(place, 0, transfer);
    if (place < this.met) this.meet(transfer, bytes);
    else this.giveEqualPart(transfer, bytes);
    this.settle();
  }

  /** Ends the next transfer, at the instant `nextEnd`, and returns whose it was. Throws RangeError if there is none. */
  endNext(): T {
    const now = this.nextEnd;
    this.advance(now);
    const met = this.first(this.metEnds);
    const part = this.first(this.partEnds);
    const isMet = met !== undefined && met.end <= now;
    const entry = isMet ? this.metEnds.pop() : part && this.partEnds.pop();
    if (entry === undefined) throw new RangeError("nothing is on the line");
    const { transfer } = entry;
    this.transfers.splice(this.placeOf(transfer), 1);
    if (isMet) this.release(transfer);
    else this.work = transfer.end;
    this.settle();
    return transfer.owner;
  }

  /** Bytes a second of an equal part. Where nobody gets one: whether there is room for the limits that are met. */
  private get part(): number {
    const free = this.capacity - this.metRate;
    const others = this.transfers.length - this.met;
    if (others > 0) return free / others;
    return free < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** Gives an equal part to those whose limit is above it, and to all others their limit. */
  private settle(): void {
    const { transfers } = this;
    for (let next = transfers[this.met]; next !== undefined && next.limit <= this.part; next = transfers[this.met]) {
      this.meet(next, Math.max(0, next.end - this.work));
    }
    for (
      let last = transfers[this.met - 1];
      last !== undefined && last.limit > this.part;
      last = transfers[this.met - 1]
    ) {
      this.release(last);
      this.giveEqualPart(last, Math.max(0, (last.end - this.since) * last.limit));
    }
    if (this.met === this.transfers.length) this.work = 0;
  }

  private meet(transfer: Transfer<T>, bytes: number): void {
    this.met++;
    this.metRate += transfer.limit;
    this.enqueue(this.metEnds, transfer, this.since + bytes / transfer.limit);
  }

  private release({ limit }: Transfer<T>): void {
    this.met--;
    this.metRate = this.met === 0 ? 0 : this.metRate - limit;
  }

  private giveEqualPart(transfer: Transfer<T>, bytes: number): void {
    this.enqueue(this.partEnds, transfer, this.work + bytes);
  }

  private enqueue(queue: TinyQueue<Entry<T>>, transfer: Transfer<T>, end: number): void {
    transfer.end = end;
    transfer.version++;
    queue.push({ transfer, end, version: transfer.version });
  }

  /** The first entry that counts. */
  private first(queue: TinyQueue<Entry<T>>): Entry<T> | undefined {
    let entry = queue.peek();
    while (entry !== undefined && entry.version !== entry.transfer.version) {
      queue.pop();
      entry = queue.peek();
    }
    return entry;
  }

  private advance(now: number): void {
    if (this.met < this.transfers.length) this.work += this.part * (now - this.since);
    this.since = now;
  }

  private instantOf(work: number): number {
    return this.since + Math.max(0, work - this.work) / this.part;
  }

  /** Behind all whose limit is as small. */
  private placeAfter(limit: number): number {
    let low = 0;
    let high = this.transfers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.transfers[middle] as Transfer<T>).limit <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private placeOf(transfer: Transfer<T>): number {
    return this.transfers.lastIndexOf(transfer, this.placeAfter(transfer.limit) - 1);
  }
}

function byEnd(a: { readonly end: number }, b: { readonly end: number }): number {
  return a.end - b.end;
}
