import { useSyncExternalStore } from "react";
import type { TabRecommender } from "./tab-recommender.ts";

/** The recommender of this tab, live. */
export function useRecommender(recommender: TabRecommender): TabRecommender["view"] {
  return useSyncExternalStore(recommender.subscribe, () => recommender.view);
}
