import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Gateway } from "./gateway.ts";

/** What the gateway does, in numbers. Labels name no palette and no tenant: /metrics needs no key. */
export function gatewayMetrics(registry: Registry, gateway: Gateway): void {
  const registers = [registry];
  const requests = new Counter({
    name: "concord_gateway_requests_total",
    help: "Requests that ended: answered, refused for load, failed without a candidate, or left by who asked",
    labelNames: ["outcome"],
    registers,
  });
  const candidates = new Counter({
    name: "concord_gateway_candidates_total",
    help: "Candidates that were asked for: drawn and scored, or failed",
    labelNames: ["outcome"],
    registers,
  });
  const scoring = new Histogram({
    name: "concord_gateway_scoring_seconds",
    help: "Time to score the candidates of a request",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  new Gauge({
    name: "concord_gateway_requests",
    help: "Requests under way",
    registers,
    collect() {
      this.set(gateway.load());
    },
  });
  gateway.onServed(({ outcome, drawn, failed, scoringSeconds }) => {
    requests.inc({ outcome });
    candidates.inc({ outcome: "drawn" }, drawn);
    candidates.inc({ outcome: "failed" }, failed);
    if (scoringSeconds !== null) scoring.observe(scoringSeconds);
  });
}
