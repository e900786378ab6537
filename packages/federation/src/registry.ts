import type { Algorithm } from "./algorithm.ts";
import { fedavg } from "./fedavg.ts";
import { fedsgd } from "./fedsgd.ts";
import { personalfr } from "./personalfr/personalfr.ts";
import type { AlgorithmSpec } from "./spec.ts";

/** The algorithm that a specification names. */
export function algorithmOf(spec: AlgorithmSpec): Algorithm {
  switch (spec.kind) {
    case "fedavg":
      return fedavg(spec);
    case "fedsgd":
      return fedsgd(spec);
    case "personalfr":
      return personalfr(spec);
  }
}
