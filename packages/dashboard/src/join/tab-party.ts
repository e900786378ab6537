// Named one by one, so that only these come along: the engine and the schemas are in the worker, not in the page.
export {
  type DataSource,
  forgetSavedParty,
  type Member,
  openTabParty,
  type SavedParty,
  type Status,
  savedParty,
  type TabParty,
} from "@concord/party/browser";
