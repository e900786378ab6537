export * from "./adult.node.ts";
export * from "./cifar.node.ts";
export * from "./heart-disease.node.ts";
export * from "./idx.node.ts";
export * from "./table.node.ts";
