import TinyQueue from "tinyqueue";
import type { Link, Network } from "./links.ts";
import { linkTo } from "./links.ts";
import type { Member, RoundPlan, Segment } from "./plan.ts";
import { checkPlan, exchangeSteps, segmentOf } from "./plan.ts";
import { SharedLine } from "./shared-line.ts";

/** Where the seconds of one party went. Their sum is the length of the round. */
export interface PartySeconds {
  readonly computing: number;
  readonly downloading: number;
  readonly uploading: number;
  /** Questions and answers under way, without the bytes of models and updates. */
  readonly latency: number;
  /** For others: until an exchange is merged, and for the end of the round. */
  readonly waiting: number;
}

/** The seconds of a round, by a clock that nobody waited for. */
export interface RoundSeconds {
  readonly total: number;
  readonly parties: Readonly<Record<string, PartySeconds>>;
}

/** Bytes of a segment's two messages. */
export interface MessageBytes {
  /** The update. */
  readonly up: number;
  /** The model. */
  readonly down: number;
}

/**
 * Round trips of an exchange in Concord's protocol, as the slowest party of an exchange sees them, for which the others
 * wait. Before the first byte of a model: the rest of the answer to its last reply (½), asking for work (1), asking for
 * the model (1). After the last byte of an update: the update's way and its receipt (1), the reply that counts (½).
 */
export const ROUND_TRIPS = { download: 2.5, upload: 1.5 } as const;

/**
 * How long a round takes over given links, and where the time goes.
 *
 * The model: a segment is questions and answers, the model's bytes, the local steps, the update's bytes, questions and
 * answers, in this order and never at the same time. Links and computers keep one speed; a line carries both directions
 * without loss to either; parties that use the coordinator's line at the same time share it fairly. An exchange is merged,
 * in no time, when all who are due at it have arrived and the exchanges before it are merged; then all of them go on. So a
 * group runs at the pace of its slowest member, and the round ends when everybody's last update has arrived. Nobody is
 * dropped. Evaluation, slow start of TCP, and lost packets are left out.
 *
 * Throws RangeError for a member without a link, and for a plan that is none.
 */
export function virtualTime(
  plan: RoundPlan,
  network: Network,
  messageBytes: (segment: Segment) => MessageBytes,
): RoundSeconds {
  checkPlan(plan);
  const { server, overheadBytes = 0 } = network;
  const isShared = (server?.up ?? server?.down) !== undefined;
  const toParties = new SharedLine<Traveller>(server?.up ?? Number.POSITIVE_INFINITY);
  const fromParties = new SharedLine<Traveller>(server?.down ?? Number.POSITIVE_INFINITY);
  const travellers = plan.members.map((member) => new Traveller(member, linkTo(network, member.party)));
  const alarms = new TinyQueue<Traveller>([], (a, b) => a.until - b.until);
  const arrivalOfAll = isShared ? arrivalTogether : arrivalApart;

  for (const traveller of travellers) enter(traveller, "asking", 0);
  let now = 0;
  for (const [step, due] of travellersByStep(plan, travellers)) {
    now = Math.max(now, arrivalOfAll(due, step));
    for (const traveller of due) {
      traveller.index++;
      if (step < plan.steps) enter(traveller, "asking", now);
    }
  }
  for (const traveller of travellers) traveller.spend(now);
  const parties = travellers.map(({ member, spent }) => [member.party, { ...spent }]);
  return { total: now, parties: Object.fromEntries(parties) };

  /** When the last of those who are due at an exchange arrives. On a limited line it depends on everybody's transfers, in order. */
  function arrivalTogether(due: readonly Traveller[], step: number): number {
    let last = 0;
    let awaited = due.filter(({ stage }) => stage !== "waiting").length;
    while (awaited > 0) {
      const alarm = alarms.peek()?.until ?? Number.POSITIVE_INFINITY;
      const received = toParties.nextEnd;
      last = Math.min(alarm, received, fromParties.nextEnd);
      const line = last === received ? toParties : fromParties;
      const next = last === alarm ? (alarms.pop() as Traveller) : line.endNext();
      enter(next, FOLLOWING[next.stage], last);
      if (next.stage === "waiting" && next.nextExchange === step) awaited--;
    }
    return last;
  }

  /**
   * The same where no line is limited. Then nobody is in another's way between two exchanges, and each of the due can be
   * followed by itself: the time to work out a round grows with its exchanges alone, not with exchanges times parties.
   */
  function arrivalApart(due: readonly Traveller[]): number {
    let last = 0;
    for (const traveller of due) {
      while (traveller.stage !== "waiting") {
        last = Math.max(last, traveller.until);
        enter(traveller, FOLLOWING[traveller.stage], traveller.until);
      }
    }
    return last;
  }

  function enter(traveller: Traveller, stage: Stage, now: number): void {
    traveller.spend(now);
    traveller.stage = stage;
    const { link, segment } = traveller;
    switch (stage) {
      case "asking":
        stay(traveller, now + ROUND_TRIPS.download * link.latency);
        break;
      case "downloading":
        send(traveller, toParties, link.down, messageBytes(segment).down + overheadBytes, now);
        break;
      case "computing":
        stay(traveller, now + (segment.to - segment.from) / link.pace);
        break;
      case "uploading":
        send(traveller, fromParties, link.up, messageBytes(segment).up + overheadBytes, now);
        break;
      case "replying":
        stay(traveller, now + ROUND_TRIPS.upload * link.latency);
        break;
      case "waiting":
    }
  }

  function stay(traveller: Traveller, until: number): void {
    traveller.until = until;
    if (isShared) alarms.push(traveller);
  }

  function send(traveller: Traveller, line: SharedLine<Traveller>, limit: number, bytes: number, now: number): void {
    if (isShared) line.add(traveller, limit, bytes, now);
    else stay(traveller, now + bytes / limit);
  }
}

/** Who is due at each exchange, in the order of the steps. */
function travellersByStep(
  plan: RoundPlan,
  travellers: readonly Traveller[],
): ReadonlyMap<number, readonly Traveller[]> {
  const byStep = new Map(exchangeSteps(plan).map((step): [number, Traveller[]] => [step, []]));
  for (const traveller of travellers) for (const step of traveller.member.exchanges) byStep.get(step)?.push(traveller);
  return byStep;
}

/** What a party is at; each stage is followed by the next one, and waiting ends with a merge. */
type Stage = "asking" | "downloading" | "computing" | "uploading" | "replying" | "waiting";

const FOLLOWING: Readonly<Record<Stage, Stage>> = {
  asking: "downloading",
  downloading: "computing",
  computing: "uploading",
  uploading: "replying",
  replying: "waiting",
  waiting: "waiting",
};

const COUNTED_AS: Readonly<Record<Stage, keyof PartySeconds>> = {
  asking: "latency",
  downloading: "downloading",
  computing: "computing",
  uploading: "uploading",
  replying: "latency",
  waiting: "waiting",
};

/** A party on its way through the round. */
class Traveller {
  readonly member: Member;
  readonly link: Link;
  /** The segment it is in. */
  index = 0;
  stage: Stage = "waiting";
  /** When the stage ends. A limited line knows it of the transfers on it, and of those who wait nobody does. */
  until = 0;
  readonly spent = { computing: 0, downloading: 0, uploading: 0, latency: 0, waiting: 0 };
  private since = 0;

  constructor(member: Member, link: Link) {
    this.member = member;
    this.link = link;
  }

  get segment(): Segment {
    return segmentOf(this.member, this.index) as Segment;
  }

  /** The step of the exchange that it is on the way to. */
  get nextExchange(): number | undefined {
    return this.member.exchanges[this.index];
  }

  /** Books the time since the last call to the stage. */
  spend(now: number): void {
    this.spent[COUNTED_AS[this.stage]] += now - this.since;
    this.since = now;
  }
}
