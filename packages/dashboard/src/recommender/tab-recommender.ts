// Named one by one, so that only these come along: the engine and the schemas are in the worker, not in the page.
export {
  openTabRecommender,
  type RecommenderHome,
  type RecommenderState,
  type TabRecommender,
} from "@concord/party/browser";
