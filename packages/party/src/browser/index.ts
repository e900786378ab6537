export * from "../status.ts";
export * from "./inspect.ts";
export type * from "./messages.ts";
export { personalWriter } from "./personal-writer.ts";
export { forgetSavedParty, openTabParty, savedParty, type TabOpening, type TabParty } from "./tab.ts";
