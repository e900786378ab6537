export * from "./autoencoder.ts";
export * from "./baselines/index.ts";
export * from "./generated-films.ts";
export * from "./movielens.ts";
export * from "./rating-measures.ts";
export * from "./ratings.ts";
export * from "./ratings-split.ts";
