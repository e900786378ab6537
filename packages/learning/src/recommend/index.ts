export * from "./autoencoder.ts";
export * from "./generated-films.ts";
export * from "./movielens.ts";
export * from "./ratings.ts";
export * from "./ratings-split.ts";
