export * from "./bias.ts";
export * from "./ease.ts";
export * from "./factorisation.ts";
export * from "./item-knn.ts";
export * from "./joint-autoencoder.ts";
export * from "./local-only.ts";
export * from "./popularity.ts";
