/** Version 2: what the gateway keeps. */
export const palettes = `
CREATE TABLE "tenants" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "hash" TEXT NOT NULL UNIQUE,
  "createdAt" REAL NOT NULL
) STRICT;

CREATE TABLE "palettes" (
  "name" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "createdAt" REAL NOT NULL,
  "base" TEXT NOT NULL,
  "targets" TEXT NOT NULL,
  "k" INTEGER NOT NULL,
  "sampling" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "problem" TEXT,
  "solution" TEXT,
  "live" TEXT,
  PRIMARY KEY ("name", "version")
) STRICT;

CREATE TABLE "pilots" (
  "name" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "rewards" TEXT NOT NULL,
  PRIMARY KEY ("name", "version"),
  FOREIGN KEY ("name", "version") REFERENCES "palettes"
) STRICT;

CREATE TABLE "answers" (
  "seq" INTEGER NOT NULL PRIMARY KEY,
  "palette" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "at" REAL NOT NULL,
  "prompt" TEXT NOT NULL,
  "picked" INTEGER NOT NULL,
  "candidates" TEXT NOT NULL,
  FOREIGN KEY ("palette", "version") REFERENCES "palettes"
) STRICT;

CREATE INDEX "answers_of_palette" ON "answers" ("palette", "version", "seq");
`;
