import "./shell.css";
import type { ReactNode } from "react";
import { Brand } from "./brand.tsx";
import { SchemeSwitch } from "./scheme-switch.tsx";

export interface ShellProps {
  /** What stands in the bar between the name and the switch. */
  readonly bar?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page: skip link, bar, content. */
export function Shell({ bar, children }: ShellProps) {
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="bar">
        <div className="bar-inner">
          <Brand />
          <div className="bar-middle">{bar}</div>
          <SchemeSwitch />
        </div>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
