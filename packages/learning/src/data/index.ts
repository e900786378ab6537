export * from "./batches.ts";
export * from "./dataset.ts";
export * from "./idx.ts";
export * from "./partition/classes.ts";
export * from "./partition/dirichlet.ts";
export * from "./partition/iid.ts";
export * from "./partition/natural.ts";
export * from "./partition.ts";
