import type { Algorithm } from "./algorithm.ts";
import { fedavgInnerAlgorithm, fedavgShortAlgorithm } from "./controls.ts";
import { dynamicfl } from "./dynamicfl.ts";
import { fedavg } from "./fedavg.ts";
import { feddyn } from "./feddyn.ts";
import { fednova } from "./fednova.ts";
import { fedprox } from "./fedprox.ts";
import { fedsgd } from "./fedsgd.ts";
import { personalfr } from "./personalfr/personalfr.ts";
import { scaffold } from "./scaffold.ts";
import type { AlgorithmSpec } from "./spec.ts";

/** The algorithm that a specification names. */
export function algorithmOf(spec: AlgorithmSpec): Algorithm {
  switch (spec.kind) {
    case "dynamicfl":
      return dynamicfl(spec);
    case "fedavg":
      return fedavg(spec);
    case "fedsgd":
      return fedsgd(spec);
    case "fedavg-inner":
      return fedavgInnerAlgorithm(spec);
    case "fedavg-short":
      return fedavgShortAlgorithm(spec);
    case "fedprox":
      return fedprox(spec);
    case "scaffold":
      return scaffold(spec);
    case "fednova":
      return fednova(spec);
    case "feddyn":
      return feddyn(spec);
    case "personalfr":
      return personalfr(spec);
  }
}
