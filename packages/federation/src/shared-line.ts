/** Bytes on their way over a shared line. */
export interface Transfer {
  /** Bytes a second that this transfer could take by itself. */
  readonly limit: number;
  /** Bytes a second that it gets. */
  rate: number;
  /** Bytes that were left at the instant `since`. */
  left: number;
  since: number;
  /** When it will be over, if nobody comes or goes. */
  until: number;
}

/**
 * A line of limited capacity, in bytes a second, that transfers share max-min fairly, which TCP approaches: nobody gets more than its own
 * limit, and nobody could get more without taking from one who has less.
 *
 * Transfers are kept in the order of their limits, so that one pass serves them all: the smallest limits first, and the
 * rest in equal parts. (A plan for hundreds of parties asks for this some hundred million times.)
 */
export class SharedLine {
  private readonly capacity: number;
  private readonly ascending: Transfer[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get isLimited(): boolean {
    return this.capacity !== Number.POSITIVE_INFINITY;
  }

  /** Begins to send so many bytes. */
  add(limit: number, bytes: number, now: number): Transfer {
    const transfer = { limit, rate: 0, left: bytes, since: now, until: Number.POSITIVE_INFINITY };
    if (this.isLimited) {
      this.ascending.splice(this.placeOf(limit), 0, transfer);
      this.share(now);
    } else {
      // Nobody is in another's way, and there is nothing to share.
      transfer.rate = limit;
      transfer.until = now + bytes / limit;
    }
    return transfer;
  }

  /** Ends a transfer; what was left of it is not sent. */
  remove(transfer: Transfer, now: number): void {
    if (!this.isLimited) return;
    this.ascending.splice(this.ascending.indexOf(transfer), 1);
    this.share(now);
  }

  /** After all that have as small a limit. */
  private placeOf(limit: number): number {
    let low = 0;
    let high = this.ascending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ascending[middle] as Transfer).limit <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Gives everybody its share from now on. One whose share stays the same keeps its end to the last bit. */
  private share(now: number): void {
    let free = this.capacity;
    let waiting = this.ascending.length;
    for (const transfer of this.ascending) {
      const rate = Math.min(transfer.limit, free / waiting);
      free -= rate;
      waiting--;
      if (rate === transfer.rate) continue;
      transfer.left = Math.max(0, transfer.left - transfer.rate * (now - transfer.since));
      transfer.since = now;
      transfer.rate = rate;
      transfer.until = now + transfer.left / rate;
    }
  }
}
