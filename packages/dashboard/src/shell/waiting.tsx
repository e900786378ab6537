import { Loader } from "@mantine/core";
import { useEffect, useState } from "react";

/** Says after a moment what is awaited: most waits are shorter, and a flash of a spinner is worse than none. */
export function Waiting({ what }: { readonly what: string }) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="waiting" role="status">
      {long && <Loader size="sm" type="dots" aria-hidden="true" />}
      {long && <span>{what} …</span>}
    </div>
  );
}
