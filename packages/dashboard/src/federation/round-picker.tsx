import { ActionIcon, NativeSelect } from "@mantine/core";
import { memo } from "react";
import { ChevronLeftIcon, ChevronRightIcon } from "../shell/icons.tsx";

/** As many rounds are offered by name; older ones are reached step by step. */
const MOST = 300;
const LATEST = "latest";

export interface RoundPickerProps {
  readonly first: number;
  readonly last: number;
  /** The round that is shown; null follows the latest. */
  readonly chosen: number | null;
  readonly onChoose: (round: number | null) => void;
}

/** Which round is shown: the latest, whichever that is, or an earlier one. */
export const RoundPicker = memo(function RoundPicker({ first, last, chosen, onChoose }: RoundPickerProps) {
  const shown = chosen ?? last;
  const earlier = Array.from({ length: Math.min(MOST, last - first + 1) }, (_, i) => last - i);
  if (chosen !== null && !earlier.includes(chosen)) earlier.push(chosen);
  return (
    <div className="round-picker">
      <ActionIcon
        variant="default"
        size={30}
        aria-label="Round before"
        disabled={shown <= first}
        onClick={() => onChoose(shown - 1)}
      >
        <ChevronLeftIcon />
      </ActionIcon>
      <NativeSelect
        size="xs"
        aria-label="Round shown"
        value={chosen === null ? LATEST : String(chosen)}
        onChange={({ currentTarget: { value } }) => onChoose(value === LATEST ? null : Number(value))}
        data={[
          { value: LATEST, label: `Latest (round ${last})` },
          ...earlier.map((round) => ({ value: String(round), label: `Round ${round}` })),
        ]}
      />
      <ActionIcon
        variant="default"
        size={30}
        aria-label="Round after"
        disabled={chosen === null || shown >= last}
        onClick={() => onChoose(shown + 1)}
      >
        <ChevronRightIcon />
      </ActionIcon>
    </div>
  );
});
