import { Button, FileButton } from "@mantine/core";
import { useState } from "react";
import { plural } from "../format/numbers.ts";
import { DownloadIcon, LockIcon } from "../shell/icons.tsx";
import { saveFile } from "../shell/save-file.ts";
import type { TabRecommender } from "./tab-recommender.ts";

export interface OwnDataProps {
  readonly recommender: TabRecommender;
  readonly rated: number;
  readonly joined: boolean;
}

/** What is kept in this browser, and what its owner can do with it. */
export function OwnData({ recommender, rated, joined }: OwnDataProps) {
  const [asked, setAsked] = useState(false);
  const exportCopy = async () => {
    saveFile(new Blob([await recommender.export()], { type: "application/json" }), "recommender.json");
  };
  const importCopy = async (file: File | null) => {
    if (file !== null) recommender.ask({ kind: "import", copy: await file.text() });
  };
  const remove = () => {
    if (asked) recommender.ask({ kind: "delete" });
    setAsked(!asked);
  };
  return (
    <section className="card join-part" data-tone="good" aria-labelledby="own-title">
      <h2 id="own-title">
        <LockIcon /> On this device
      </h2>
      <p>
        {plural(rated, "rating")}, the private state that training makes of them, the films, the last model
        {joined && <>, the key of this party</>}. A copy holds ratings and private state, so that another device can go
        on from them; it holds no key.
      </p>
      <div className="own-buttons">
        <Button variant="default" leftSection={<DownloadIcon />} onClick={exportCopy}>
          Export a copy
        </Button>
        <FileButton accept="application/json,.json" onChange={importCopy}>
          {(props) => (
            <Button variant="default" {...props}>
              Import a copy
            </Button>
          )}
        </FileButton>
        <Button variant={asked ? "filled" : "default"} color="red" onClick={remove} onBlur={() => setAsked(false)}>
          {asked ? "Really delete everything?" : "Delete everything"}
        </Button>
      </div>
      <p className="dim small">
        Deleting removes all of that here{joined && " and leaves the federation"}. What updates have already changed in
        the joint model stays there.
      </p>
    </section>
  );
}
