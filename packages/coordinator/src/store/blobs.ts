/** Bytes under the name of their SHA-256. Putting the same bytes twice is one blob. */
export interface BlobStore {
  /** Durable when it resolves; returns the name. `sha256` is that name where the caller has just worked it out. */
  put(bytes: Uint8Array<ArrayBuffer>, sha256?: string): Promise<string>;
  /** The bytes, checked against the name. Undefined if there is no such blob or it is damaged. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  has(sha256: string): Promise<boolean>;
  /**
   * Removes every blob that is not in the set; returns how many. A blob that was put but that no record names yet is not
   * in the set either: nothing may be between the two when a sweep runs, as at the start of a coordinator.
   */
  sweep(keep: ReadonlySet<string>): Promise<number>;
}
