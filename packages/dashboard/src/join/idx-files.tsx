import { FileInput } from "@mantine/core";
import type { SourceChoice } from "./source.ts";

export interface IdxFilesProps {
  readonly choice: SourceChoice;
  readonly onChange: (choice: SourceChoice) => void;
}

/** Two files: images, and the label of each. */
export function IdxFiles({ choice, onChange }: IdxFilesProps) {
  return (
    <div className="idx-files">
      <FileInput
        label="Images"
        placeholder="train-images-idx3-ubyte.gz"
        required
        clearable
        value={choice.images}
        onChange={(images) => onChange({ ...choice, images })}
      />
      <FileInput
        label="Labels"
        placeholder="train-labels-idx1-ubyte.gz"
        required
        clearable
        value={choice.labels}
        onChange={(labels) => onChange({ ...choice, labels })}
      />
    </div>
  );
}
