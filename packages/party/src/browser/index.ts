export * from "../status.ts";
export * from "./inspect.ts";
export type * from "./messages.ts";
export { personalWriter } from "./personal-writer.ts";
export type * from "./recommender-messages.ts";
export { forgetSavedParty, openTabParty, savedParty, type TabOpening, type TabParty } from "./tab.ts";
export { openTabRecommender, type TabRecommender } from "./tab-recommender.ts";
