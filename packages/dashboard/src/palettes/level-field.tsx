import { TextInput } from "@mantine/core";
import { useState } from "react";
import type { Scale } from "./scale.ts";
import { formatLevel } from "./scale.ts";

export interface LevelFieldProps {
  readonly name: string;
  readonly scale: Scale;
  readonly level: number;
  readonly onChange: (level: number) => void;
}

/** The level as a number that can be typed, beyond the slider's ends too. What is no number yet changes nothing. */
export function LevelField({ name, scale, level, onChange }: LevelFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = (text: string) => {
    setTyped(text);
    const number = Number(text.replace("−", "-"));
    if (text.trim() !== "" && Number.isFinite(number)) onChange(number);
  };
  return (
    <TextInput
      className="level-field"
      size="xs"
      inputMode="decimal"
      aria-label={`${name}: level`}
      value={typed ?? formatLevel(scale, level)}
      onChange={({ currentTarget }) => take(currentTarget.value)}
      onBlur={() => setTyped(null)}
    />
  );
}
