import type { InspectResponse } from "@concord/protocol";
import { formatBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/numbers.ts";
import { ArrowUpIcon, LockIcon } from "../shell/icons.tsx";
import { algorithmWords, isGenerated, modelWords } from "../words/task.ts";
import { taskShape } from "./task-shape.ts";

/** In plain words: what is trained, what stays in this tab, and what leaves it. */
export function JoinFacts({ offer }: { readonly offer: InspectResponse }) {
  const { federation, parties, round } = offer;
  const { spec } = federation;
  const { parameters, bytes } = taskShape(spec);
  const exchanges = exchangesInRound(spec.algorithm);
  const grouped = spec.algorithm.kind === "dynamicfl";
  // SCAFFOLD sends how its estimate of the gradient has changed beside the model.
  const vectors = spec.algorithm.kind === "scaffold" ? 2 : 1;
  const evaluates = spec.evaluation.every === 1 ? "after each round" : `after every ${spec.evaluation.every} rounds`;
  return (
    <>
      <section className="card join-part" aria-labelledby="task-title">
        <h2 id="task-title">What is trained</h2>
        <p>
          A classifier of {spec.task.outputs} classes ({modelWords(spec)}, {formatCount(parameters)} parameters) on{" "}
          {spec.dataset}
          {isGenerated(spec.dataset) && <>, data that a program made</>}. {progressWords(parties, round, spec.rounds)}
        </p>
        <p className="dim small">{algorithmWords(spec)}.</p>
      </section>
      <div className="join-pair">
        <section className="card join-part" data-tone="good" aria-labelledby="stays-title">
          <h2 id="stays-title">
            <LockIcon /> Stays in this tab
          </h2>
          <ul className="bullets">
            <li>every example and every label</li>
            <li>the training itself, in a Web Worker of this tab</li>
            <li>the optimiser's state between two exchanges</li>
          </ul>
        </section>
        <section className="card join-part" aria-labelledby="sent-title">
          <h2 id="sent-title">
            <ArrowUpIcon /> Is sent
          </h2>
          <ul className="bullets">
            <li>
              model updates: {formatCount(vectors * parameters)} numbers, {formatBytes(vectors * bytes)} each
              {exchanges > 1 && <>, {exchanges} a round</>}
              {grouped && <>, many of them in a round in which you are in the fast group</>}
            </li>
            <li>your mean training loss with each</li>
            <li>{evaluates}: sums of loss and hits over examples held out</li>
            <li>how many examples you have</li>
          </ul>
        </section>
      </div>
      <p className="dim small join-honest">
        About {formatBytes(bytes * vectors * exchanges)} go up and {formatBytes(bytes * (vectors * exchanges + 1))} come
        down in each round that you take part in{grouped && ", many times that in the fast group"}. An update is not
        your data, but it is computed from them, and somebody who studies it may learn something about them. Join with
        data for which that is acceptable.
      </p>
    </>
  );
}

function exchangesInRound(algorithm: InspectResponse["federation"]["spec"]["algorithm"]): number {
  switch (algorithm.kind) {
    case "fedsgd":
      return algorithm.localSteps;
    case "fedavg-inner":
      return algorithm.exchanges;
    default:
      return 1;
  }
}

function progressWords(parties: number, round: number, rounds: number): string {
  if (parties === 0) return `Nobody has joined yet; ${plural(rounds, "round")} lie ahead.`;
  const who = `${plural(parties, "party", "parties")} ${parties === 1 ? "takes" : "take"} part so far`;
  return round === 0
    ? `${who}; the first of ${plural(rounds, "round")} has not ended.`
    : `${who}; ${round} of ${plural(rounds, "round")} are done.`;
}
