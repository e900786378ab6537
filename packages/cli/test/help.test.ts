import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lastLine, newPlace, type Place } from "./concord-process.ts";

let place: Place;
beforeAll(async () => {
  place = await newPlace();
});
afterAll(() => place.close());

describe("help", () => {
  test.each([
    "start",
    "serve",
    "join",
    "run",
    "plan dynamicfl",
    "data list",
    "data pull",
    "data info",
    "model info",
    "doctor",
  ])("of concord %s has an example and names --json", async (command) => {
    const { code, stdout, stderr } = await place.run([...command.split(" "), "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`$ ${command === "run" ? "CONCORD_DATA=./data " : ""}concord ${command}`);
    expect(stdout).toContain("--json");
  });

  test("lists the commands", async () => {
    const { code, stdout } = await place.run(["--help"]);
    expect(code).toBe(0);
    for (const command of ["start", "serve", "join", "run", "data", "model", "plan", "doctor"]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    }
  });
});

describe("wrong words end with 2 and say what is wrong", () => {
  test.each<[string, string]>([
    ["", "Usage: concord"],
    ["bogus", "unknown command 'bogus'"],
    ["data", "Usage: concord data"],
    ["data bogus", "unknown command 'bogus'"],
    ["start --bogus", "unknown option '--bogus'"],
    ["start now", "too many arguments"],
    ["start --rounds x", 'start --rounds: expected a whole number from 1 to 100000, got "x"'],
    ["start --parties 0", 'start --parties: expected a whole number from 1 to 64, got "0"'],
    ["start --port 65536", 'start --port: expected a whole number from 0 to 65535, got "65536"'],
    ["start --quorum 1.5", 'start --quorum: expected all or a share such as 0.5, got "1.5"'],
    ["start --exchange-deadline 0", 'start --exchange-deadline: expected seconds from 1 to 86400, got "0"'],
    ["start --dataset nothing", 'there is no data set "nothing"; known are handwriting, mnist'],
    ["serve --host 0.0.0.0 --port 0", "give a certificate (--tls-cert, --tls-key), or say --insecure"],
    ["serve --tls-cert cert.pem", "--tls-cert and --tls-key belong together"],
    ["join", "join: expected the link of an invite, or --dir with the folder of a party that has joined"],
    ["join hello", "not an invite link"],
    ["join hello --dir there", "not an invite link"],
    ["run", "missing required argument 'experiment.yaml'"],
    ["data info nothing", 'there is no data set "nothing"'],
    ["data pull nothing", 'there is no data set "nothing"'],
    ["model info nothing.safetensors", "cannot read nothing.safetensors: ENOENT"],
  ])("concord %s", async (words, message) => {
    const { code, stderr, stdout } = await place.run(words.split(" ").filter(Boolean));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("with --json they are a JSON line too", async () => {
    for (const words of [
      ["start", "--bogus", "--json"],
      ["start", "--rounds", "0", "--json"],
    ]) {
      const ended = await place.run(words);
      expect(ended.code).toBe(2);
      expect(lastLine(ended)).toMatchObject({ type: "error", message: expect.stringMatching(/--(bogus|rounds)/) });
    }
  });
});
