export * from "./client.ts";
export * from "./http.ts";
export * from "./identity.ts";
export * from "./join.ts";
export * from "./party.ts";
export * from "./private-state.ts";
export * from "./retry.ts";
export * from "./status.ts";
