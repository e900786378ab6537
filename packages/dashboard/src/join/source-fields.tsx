import type { InspectResponse } from "@concord/protocol";
import { Radio } from "@mantine/core";
import { isGenerated } from "../words/task.ts";
import { HandwritingSheet } from "./handwriting-sheet.tsx";
import { IdxFiles } from "./idx-files.tsx";
import type { SourceChoice } from "./source.ts";
import { newSeed } from "./source.ts";

export interface SourceFieldsProps {
  readonly offer: InspectResponse;
  readonly sources: readonly SourceChoice["kind"][];
  readonly choice: SourceChoice;
  readonly onChange: (choice: SourceChoice) => void;
}

/** Which examples the tab uses, with what is needed to choose. */
export function SourceFields({ offer, sources, choice, onChange }: SourceFieldsProps) {
  const { dataset } = offer.federation.spec;
  const words = {
    handwriting: {
      label: "Generated handwriting",
      description: isGenerated(dataset)
        ? "400 digits that a program writes in this tab, in a hand that no other party has."
        : `400 digits that a program writes in this tab. They are not ${dataset}: good for a try, bad for the model.`,
    },
    sample: {
      label: "The operator's sample",
      description: `Examples of ${dataset} that the operator offers to those who bring none; downloaded when you join.`,
    },
    files: {
      label: "My own files",
      description: `Images and labels as two IDX files, as MNIST has them (.gz is fine), ${offer.federation.spec.task.inputShape.slice(0, 2).join(" × ")} pixels. They are read here and not uploaded.`,
    },
  } as const;
  return (
    <Radio.Group
      aria-labelledby="source-title"
      value={choice.kind}
      onChange={(kind) => onChange({ ...choice, kind: kind as SourceChoice["kind"] })}
    >
      <div className="sources">
        {sources.map((kind) => (
          <div key={kind} className="source" data-chosen={choice.kind === kind || undefined}>
            <Radio value={kind} label={words[kind].label} description={words[kind].description} />
            {choice.kind === kind && kind === "handwriting" && (
              <HandwritingSheet seed={choice.seed} onAnother={() => onChange({ ...choice, seed: newSeed() })} />
            )}
            {choice.kind === kind && kind === "files" && <IdxFiles choice={choice} onChange={onChange} />}
          </div>
        ))}
      </div>
    </Radio.Group>
  );
}
