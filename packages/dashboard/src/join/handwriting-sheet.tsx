import { Button, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { previewDigits, SIDE } from "./handwriting-preview.ts";

const COLUMNS = 10;
const ROWS = 2;

export interface HandwritingSheetProps {
  readonly seed: string;
  readonly onAnother: () => void;
}

/** A sheet of the digits that this tab would train on. */
export function HandwritingSheet({ seed, onAnother }: HandwritingSheetProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null) return;
    const ink = scheme === "dark" ? [229, 233, 238] : [23, 32, 43];
    for (const [i, digit] of previewDigits(seed, COLUMNS * ROWS).entries()) {
      const image = context.createImageData(SIDE, SIDE);
      for (const [pixel, value] of digit.entries()) image.data.set([...ink, value], 4 * pixel);
      context.putImageData(image, SIDE * (i % COLUMNS), SIDE * Math.floor(i / COLUMNS));
    }
  }, [seed, scheme]);
  return (
    <div className="sheet">
      <canvas
        ref={canvas}
        width={COLUMNS * SIDE}
        height={ROWS * SIDE}
        role="img"
        aria-label="The first twenty handwritten digits that this tab would train on"
      />
      <Button variant="subtle" size="compact-sm" type="button" onClick={onAnother}>
        Another hand
      </Button>
    </div>
  );
}
