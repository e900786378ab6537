import { Button } from "@mantine/core";
import { useState } from "react";
import { fetchModel } from "../api/federations.ts";
import { formatBytes } from "../format/bytes.ts";
import { DownloadIcon } from "../shell/icons.tsx";
import { saveFile } from "../shell/save-file.ts";
import { useFederation } from "./follower-context.ts";

/** Saves the current global model as a safetensors file. */
export function ModelDownload({ apiKey }: { readonly apiKey: string }) {
  const id = useFederation(({ view }) => view.id);
  const model = useFederation(({ view }) => view.model);
  const name = useFederation(({ view }) => `${view.id}-round-${view.round}.safetensors`);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  if (model === null) return null;
  const download = async () => {
    setBusy(true);
    setFailed(false);
    try {
      saveFile(await fetchModel(apiKey, id), name);
    } catch {
      setFailed(true);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      variant="default"
      leftSection={<DownloadIcon />}
      loading={busy}
      onClick={download}
      title={`${name}, ${formatBytes(model.bytes)}`}
    >
      {failed ? "Failed, try again" : "Model"}
    </Button>
  );
}
