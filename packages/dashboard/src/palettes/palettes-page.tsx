import "./palettes-page.css";
import { useCallback, useEffect, useState } from "react";
import { openSession } from "../session/session.ts";
import { Problem } from "../shell/problem.tsx";
import { Shell } from "../shell/shell.tsx";
import { useTitle } from "../shell/use-title.ts";
import { GatewayPalettes } from "./gateway-palettes.tsx";
import type { Begun, Opened } from "./opened.ts";
import { fromTheBase } from "./opened.ts";
import type { PilotSource, PilotView } from "./pilot.ts";
import type { RemoteDesk } from "./remote-desk.ts";
import { openDesk } from "./remote-desk.ts";
import { SourceCard } from "./source-card.tsx";
import { Workbench } from "./workbench.tsx";

// Once for the page: a tab that has a key may see the gateway's palettes. Without one nothing is asked of any server.
void openSession();

/** The page of palettes: rewards from somewhere, a slider a value, and what follows. Nothing of it needs a server. */
export default function PalettesPage() {
  useTitle("Palettes");
  const [desk, setDesk] = useState<RemoteDesk | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [opening, setOpening] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const own = openDesk();
    setDesk(own);
    return () => own.close();
  }, []);

  const open = useCallback(
    async (read: () => Promise<PilotSource>, begin: (pilot: PilotView) => Begun = fromTheBase) => {
      if (desk === null) return;
      setOpening(true);
      setProblem(null);
      try {
        const pilot = await desk.ask("open", await read());
        const begun = begin(pilot);
        setOpened((last) => ({ pilot, ...begun, turn: (last?.turn ?? 0) + 1 }));
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
      } finally {
        setOpening(false);
      }
    },
    [desk],
  );

  return (
    <Shell bar={<a href="/">Federations</a>}>
      <div className="palettes">
        <header>
          <h1>Palettes of value targets</h1>
          <p className="dim">
            Say which level each value of your model's answers should have on average. This page says whether that can
            be had, at what price, and with which multipliers. It is solved here, in this tab.
          </p>
        </header>
        <SourceCard pilot={opened?.pilot ?? null} opening={opening || desk === null} onOpen={open} />
        {problem !== null && <Problem>These rewards were not opened: {problem}.</Problem>}
        {opened !== null && opened.left.length > 0 && (
          <p className="small dim">Without a slider here, and not asked for: {opened.left.join(", ")}.</p>
        )}
        {desk !== null && opened !== null && (
          <Workbench key={opened.turn} desk={desk} pilot={opened.pilot} first={opened.wishes} />
        )}
        <GatewayPalettes onOpen={open} />
      </div>
    </Shell>
  );
}
