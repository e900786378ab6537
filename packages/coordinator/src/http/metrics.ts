import { performance } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { lastHeard } from "../driver/live.ts";
import { gatewayMetrics } from "../gateway/gateway-metrics.ts";
import type { App } from "./app.ts";
import type { Services } from "./services.ts";

/** The registry of one coordinator: each has its own, so that several can live in one process. */
export function metrics(app: App, { context, federations, gateway }: Services): Registry {
  const registry = new Registry();
  const registers = [registry];
  const { clock, feed } = context;

  const requests = new Histogram({
    name: "concord_http_request_seconds",
    help: "Time from a request's first byte to its answer; requests for work include their waiting",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });

  const events = new Counter({
    name: "concord_events_total",
    help: "Events since the start, by type",
    labelNames: ["type"],
    registers,
  });
  const unsubscribe = feed.subscribe(({ type }) => events.inc({ type }));
  app.addHook("onClose", async () => unsubscribe());

  new Gauge({
    name: "concord_federations",
    help: "Federations by status",
    labelNames: ["status"],
    registers,
    collect() {
      this.reset();
      for (const { live } of federations.list()) this.inc({ status: live.record.status });
    },
  });
  new Gauge({
    name: "concord_parties",
    help: "Parties of federations that have not ended, by status",
    labelNames: ["status"],
    registers,
    collect() {
      this.reset();
      for (const { record } of parties()) this.inc({ status: record.status });
    },
  });
  new Gauge({
    name: "concord_parties_online",
    help: "Parties heard from within their last lease",
    registers,
    collect() {
      const now = clock.now();
      const online = parties().filter((party) => now - lastHeard(party, now) < 1000 * party.leaseSeconds);
      this.set(online.length);
    },
  });
  new Gauge({
    name: "concord_leases",
    help: "Leases that parties hold",
    registers,
    collect() {
      this.set(parties().filter(({ lease }) => lease !== undefined).length);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_cpu_seconds_total",
    help: "Processor time of the process",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  let lag = performance.eventLoopUtilization();
  new Gauge({
    name: "concord_event_loop_utilization",
    help: "Share of the time since the last reading in which the event loop was busy",
    registers,
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, lag).utilization);
      lag = now;
    },
  });
  if (gateway !== undefined) gatewayMetrics(registry, gateway);
  return registry;

  function parties() {
    return federations
      .list()
      .filter(({ live }) => live.phase.kind !== "ended")
      .flatMap(({ live }) =>
        [...live.parties.values()].map((party) => ({ ...party, leaseSeconds: live.record.spec.leaseSeconds })),
      );
  }
}
