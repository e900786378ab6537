/** The mark and the name. */
export function Brand() {
  return (
    <span className="brand">
      <img src="/mark.svg" alt="" width="26" height="26" />
      Concord
    </span>
  );
}
