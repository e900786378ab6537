export type { Limit } from "./limit.ts";
export * from "./plan-intervals.ts";
export type { PlannedParty, PlanQuestion } from "./question.ts";
export type { Needs, UnableParty } from "./unable.ts";
export type { UniformPlan } from "./uniform.ts";
