import type { FederationView } from "@concord/protocol";
import { NativeSelect } from "@mantine/core";
import { formatMoment } from "../format/time.ts";

export interface FederationPickerProps {
  readonly federations: readonly FederationView[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/** Which of several federations is shown. */
export function FederationPicker({ federations, chosen, onChoose }: FederationPickerProps) {
  return (
    <NativeSelect
      className="picker"
      aria-label="Federation"
      value={chosen}
      onChange={(event) => onChoose(event.currentTarget.value)}
      data={federations.map(({ id, spec, createdAt }) => ({
        value: id,
        label: `${spec.name}, ${formatMoment(createdAt)} (${id})`,
      }))}
    />
  );
}
