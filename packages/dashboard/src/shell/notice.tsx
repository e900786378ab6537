import type { ReactNode } from "react";

/** A page that says one thing. */
export function Notice({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="card notice">
      <h1>{title}</h1>
      {children}
    </section>
  );
}
