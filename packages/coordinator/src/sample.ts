/** Examples for guests who bring none, as two IDX files: images and their labels. */
export interface SampleFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** Gives the n-th guest its examples; n counts from 0. */
export type Sample = (n: number) => Promise<SampleFiles>;

/** Gives the holder of an invite the same examples each time: images and labels are two requests. */
export type GuestSample = (inviteHash: string) => Promise<SampleFiles>;

export function guestSample(sample: Sample): GuestSample {
  const guests = new Map<string, number>();
  return (inviteHash) => {
    const n = guests.get(inviteHash) ?? guests.size;
    guests.set(inviteHash, n);
    return sample(n);
  };
}
