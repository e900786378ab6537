import type { ReactNode } from "react";
import { WarningIcon } from "./icons.tsx";

/** Something went wrong: said at once to those who listen. */
export function Problem({ children }: { readonly children: ReactNode }) {
  return (
    <div className="problem" role="alert">
      <WarningIcon />
      <div>{children}</div>
    </div>
  );
}
