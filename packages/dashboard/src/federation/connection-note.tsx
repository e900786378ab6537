import { useFollowing } from "./follower-context.ts";

/** Says so when what is shown may be old. Its place is kept free, so that nothing moves. */
export function ConnectionNote() {
  const connection = useFollowing((state) => state.connection);
  const known = useFollowing((state) => state.federation !== null);
  return (
    <span className="connection" role="status">
      {known && connection === "reconnecting" && (
        <span className="connection-lost">
          <span className="dot" data-state="paused" aria-hidden="true" />
          Reconnecting …
        </span>
      )}
      {known && connection === "live" && (
        <span className="connection-live">
          <span className="dot" data-state="active" aria-hidden="true" />
          Live
        </span>
      )}
    </span>
  );
}
