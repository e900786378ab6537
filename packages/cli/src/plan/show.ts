import type { IntervalPlan, Limit, Needs, PlanQuestion, UniformPlan } from "@concord/federation";
import { INTERVALS } from "@concord/federation";
import Table from "cli-table3";
import { type Output, showBytes } from "../output.ts";

/** Tells people what a plan says. */
export function sayPlan(plan: IntervalPlan, { steps, deadline }: PlanQuestion, out: Output): void {
  const table = new Table({
    head: ["party", "level", "exchanges", "up", "down", "computes", "transfers", "waits", "limited by"],
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "right", "left"],
    style: { head: [], border: [] },
  });
  for (const { party, level, exchanges, bytesUp, bytesDown, seconds, limit } of plan.parties) {
    const { computing, downloading, uploading, latency, waiting } = seconds;
    table.push([
      party,
      `${level} (${Math.min(INTERVALS[level], steps)})`,
      exchanges,
      showBytes(bytesUp),
      showBytes(bytesDown),
      showTime(computing),
      showTime(downloading + uploading + latency),
      showTime(waiting),
      LIMITS[limit],
    ]);
  }
  if (plan.parties.length > 0) out.say(table.toString());
  for (const { party, why, needs } of plan.unable) out.say(`${party} cannot take part: ${why}. ${showNeeds(needs)}`);
  if (plan.parties.length > 0) {
    const end = plan.meetsDeadline ? "within" : plan.unable.length > 0 ? "without them, against" : "against";
    out.say(
      `The round takes ${showTime(plan.seconds)}, ${end} a deadline of ${showTime(deadline)}; ${showBytes(plan.bytesUp)} up, ${showBytes(plan.bytesDown)} down.`,
    );
  }
  if (plan.fastest?.divergence != null) {
    const { level, parties, divergence } = plan.fastest;
    out.say(`Labels of the ${parties.length} at level ${level}: KL ${divergence.toFixed(3)} from those of all.`);
  }
  if (plan.fedavg) out.say(showFedavg(plan.fedavg));
  if (plan.unable.length > 0) out.say("No plan lets everybody keep the deadline and the budgets.");
  else if (plan.problem !== undefined) out.say(`No plan meets the deadline: ${plan.problem}.`);
}

const LIMITS: Readonly<Record<Limit, string>> = {
  nothing: "nothing",
  computing: "its computer",
  download: "its download",
  upload: "its upload",
  latency: "its latency",
  budget: "its budget",
  server: "the coordinator's line",
  others: "the others",
  company: "nobody else",
};

function showFedavg({
  exchanges,
  seconds,
  meetsDeadline,
  late,
  mostExchanges,
}: UniformPlan & { mostExchanges: number }) {
  const first = `FedAvg with as many bytes: ${exchanges} ${exchanges === 1 ? "exchange" : "exchanges"} for each, ${showTime(seconds)}`;
  if (meetsDeadline) return `${first}, in time.`;
  const names = late.map(({ party }) => party);
  const who = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  return `${first}: too much${who === "" ? "" : ` for ${who}`}. At most ${mostExchanges} would do for everybody.`;
}

function showNeeds(needs: Needs): string {
  const { budgetBytes, ...time } = needs;
  const ways = Object.entries(time).flatMap(([field, value]) =>
    value === undefined ? [] : [`${NEEDS[field]} ${Number(value.toPrecision(3))}`],
  );
  const parts = [
    ...(ways.length > 0 ? [`It needs ${ways.join(", or ")}`] : []),
    ...(budgetBytes === undefined ? [] : [`It needs a budget of ${budgetBytes} bytes`]),
  ];
  return `${parts.join(". ")}.`;
}

const NEEDS: Readonly<Record<string, string>> = {
  deadline: "a deadline in seconds of",
  stepsPerSecond: "steps a second:",
  upMbit: "Mbit/s up:",
  downMbit: "Mbit/s down:",
  latencyMs: "milliseconds of latency at most:",
};

function showTime(seconds: number): string {
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}
