export type { Recommendation } from "./predict.ts";
export { Recommender, type RecommenderOptions } from "./recommender.ts";
export type { MessageKind, SentLog, SentMessage, SentPart } from "./sent.ts";
export { type Kept, memoryShelf, type OwnRating, type Shelf } from "./shelf.ts";
