/** Version 1: every record of the contract. Instants are REAL because a deadline may fall between two milliseconds. */
export const records = `
CREATE TABLE "federations" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "spec" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "createdAt" REAL NOT NULL,
  "round" INTEGER NOT NULL,
  "state" TEXT NOT NULL
) STRICT;

CREATE TABLE "keys" (
  "hash" TEXT NOT NULL PRIMARY KEY,
  "role" TEXT NOT NULL,
  "federation" TEXT REFERENCES "federations",
  "party" TEXT,
  "once" INTEGER NOT NULL,
  "expiresAt" REAL
) STRICT;

CREATE TABLE "invites" (
  "hash" TEXT NOT NULL PRIMARY KEY,
  "federation" TEXT NOT NULL REFERENCES "federations",
  "party" TEXT,
  "usesLeft" INTEGER NOT NULL CHECK ("usesLeft" >= 0),
  "expiresAt" REAL NOT NULL
) STRICT;

CREATE TABLE "parties" (
  "federation" TEXT NOT NULL REFERENCES "federations",
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "client" TEXT NOT NULL,
  "examples" INTEGER NOT NULL,
  "heldOut" INTEGER NOT NULL,
  "labels" TEXT,
  "joinedAt" REAL NOT NULL,
  PRIMARY KEY ("federation", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE "rounds" (
  "federation" TEXT NOT NULL REFERENCES "federations",
  "round" INTEGER NOT NULL,
  "status" TEXT NOT NULL,
  "plan" TEXT NOT NULL,
  "startedAt" REAL NOT NULL,
  "endedAt" REAL,
  "evaluators" TEXT,
  "stateBefore" TEXT NOT NULL,
  "result" TEXT,
  PRIMARY KEY ("federation", "round")
) STRICT;

CREATE TABLE "segments" (
  "federation" TEXT NOT NULL,
  "round" INTEGER NOT NULL,
  "party" TEXT NOT NULL,
  "segment" INTEGER NOT NULL,
  "outcome" TEXT NOT NULL,
  "update" TEXT,
  "loss" REAL,
  "at" REAL NOT NULL,
  PRIMARY KEY ("federation", "round", "party", "segment"),
  FOREIGN KEY ("federation", "round") REFERENCES "rounds"
) STRICT, WITHOUT ROWID;

CREATE TABLE "merges" (
  "federation" TEXT NOT NULL,
  "round" INTEGER NOT NULL,
  "step" INTEGER NOT NULL,
  "state" TEXT NOT NULL,
  "parties" TEXT NOT NULL,
  PRIMARY KEY ("federation", "round", "step"),
  FOREIGN KEY ("federation", "round") REFERENCES "rounds"
) STRICT, WITHOUT ROWID;

CREATE TABLE "evaluations" (
  "federation" TEXT NOT NULL,
  "round" INTEGER NOT NULL,
  "party" TEXT NOT NULL,
  "evaluation" TEXT,
  PRIMARY KEY ("federation", "round", "party"),
  FOREIGN KEY ("federation", "round") REFERENCES "rounds"
) STRICT, WITHOUT ROWID;

CREATE TABLE "leases" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "federation" TEXT NOT NULL,
  "party" TEXT NOT NULL,
  "round" INTEGER NOT NULL,
  "kind" TEXT NOT NULL,
  "segment" INTEGER,
  "model" TEXT NOT NULL,
  "expiresAt" REAL NOT NULL,
  UNIQUE ("federation", "party"),
  FOREIGN KEY ("federation", "round") REFERENCES "rounds"
) STRICT;

CREATE TABLE "traffic" (
  "federation" TEXT NOT NULL REFERENCES "federations",
  "party" TEXT NOT NULL,
  "round" INTEGER NOT NULL,
  "purpose" TEXT NOT NULL,
  "payloadUp" INTEGER NOT NULL,
  "payloadDown" INTEGER NOT NULL,
  "indexUp" INTEGER NOT NULL,
  "indexDown" INTEGER NOT NULL,
  "wireUp" INTEGER NOT NULL,
  "wireDown" INTEGER NOT NULL,
  PRIMARY KEY ("federation", "party", "round", "purpose")
) STRICT, WITHOUT ROWID;

CREATE TABLE "events" (
  "seq" INTEGER NOT NULL PRIMARY KEY,
  "federation" TEXT NOT NULL REFERENCES "federations",
  "at" REAL NOT NULL,
  "body" TEXT NOT NULL
) STRICT;

CREATE INDEX "events_of_federation" ON "events" ("federation", "seq");
`;
