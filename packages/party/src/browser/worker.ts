/** The entry of the Web Worker: messages of the page go in, messages of the party come out. */
import type { FromWorker, ToWorker } from "./messages.ts";
import { browserHost, partyWorker } from "./party-worker.ts";
import type { RecommenderNews, ToRecommender } from "./recommender-messages.ts";
import { recommenderWorker } from "./recommender-worker.ts";

/** The global scope as a worker has it; the DOM's own types describe that of a page. */
interface WorkerScope {
  postMessage(message: FromWorker | RecommenderNews): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker | ToRecommender>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const receive = partyWorker(browserHost((message) => scope.postMessage(message)));
const recommend = recommenderWorker((news) => scope.postMessage(news));
scope.addEventListener("message", ({ data }) => {
  if (data.type === "recommender") recommend(data.command);
  else receive(data);
});
