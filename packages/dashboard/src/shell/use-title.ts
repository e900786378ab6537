import { useEffect } from "react";

/** Keeps the title of the tab current. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Concord" : `${title} · Concord`;
  }, [title]);
}
