/**
 * Remembers the last list: the same items in the same order give the same array again, so that what is drawn from it is
 * not drawn anew because something else has changed.
 */
export function stableList<T>(): (list: readonly T[]) => readonly T[] {
  let last: readonly T[] = [];
  return (list) => {
    const same = list.length === last.length && list.every((item, i) => item === last[i]);
    if (!same) last = list;
    return last;
  };
}
