import { expect, it } from "vitest";
import { type Algorithm, inferences } from "./inferences.ts";

const algorithm = (change: object): Algorithm =>
  ({ kind: "personalfr", localSteps: 1, upload: { kind: "rows" }, ...change }) as Algorithm;
const first = (change: object) => inferences(algorithm(change)).learns[0];

it("says that bare rows and a whole decoder both give away what was rated", () => {
  expect(first({})).toMatch(/^Which films you rated: an update holds their rows and names them/);
  expect(first({ upload: { kind: "decoder" } })).toMatch(/^Which films you rated: .* only those of your films/);
});

it("does not promise more of decoys than they do", () => {
  expect(first({ disguise: { decoys: 3 } })).toMatch(
    /3 others are named as decoys.*Guesses remain: .* surely not rated/,
  );
});
