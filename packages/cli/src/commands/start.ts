import { Command } from "commander";
import { z } from "zod";
import { checkOptions, decimal, portOption, quorumOption, whole } from "../options.ts";

const optionsSchema = z.object({
  port: portOption,
  dir: z.string().default(".concord"),
  parties: whole(1, 64).default(8),
  rounds: whole(1, 100_000).optional(),
  localSteps: whole(1, 10_000).optional(),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1),
  dataset: z.string().optional(),
  recommender: z.boolean().default(false),
  likes: z.boolean().default(false),
  quorum: quorumOption.default(0.5),
  exchangeDeadline: decimal("expected seconds from 1 to 86400", (s) => s >= 1 && s <= 86_400).default(30),
  fresh: z.boolean().default(false),
  open: z.boolean().default(true),
  json: z.boolean().default(false),
});
export type Options = z.output<typeof optionsSchema>;

export function startCommand(): Command {
  return new Command("start")
    .description("Start a coordinator and a federation of parties on this machine, and watch it in the browser.")
    .option("--port <port>", "where the coordinator listens on 127.0.0.1; 0 picks a free port (default: 7700)")
    .option("--recommender", "recommend films; visitors rate them on a page of their own")
    .option("--likes", "of a recommender: films are liked or not, instead of rated with stars")
    .option("--parties <n>", "built-in parties, each a process of its own (default: 8)")
    .option("--rounds <n>", "rounds (default: 30; of a recommender 200)")
    .option("--local-steps <n>", "local steps of each party in a round (default: 250; of a recommender 6)")
    .option("--seed <n>", "what every random choice follows from (default: 1)")
    .option(
      "--dataset <name>",
      "fashion-mnist or handwriting (default: Fashion-MNIST where it is, else generated handwriting); of a recommender movielens-100k or generated-films",
    )
    .option(
      "--quorum <share>",
      "share of the parties that must reply before the others are dropped, or all (default: 0.5)",
    )
    .option("--exchange-deadline <seconds>", "after which those who have not replied are dropped (default: 30)")
    .option("--dir <folder>", "where everything is kept (default: .concord)")
    .option("--fresh", "begin a new federation where an unfinished one is there")
    .option("--no-open", "do not open the page in a browser")
    .addHelpText(
      "after",
      "\nExamples:\n  $ concord start\n  $ concord start --recommender\n  $ concord start --rounds 3 --no-open --json",
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("start", optionsSchema, raw);
      // The server is loaded only by the commands that need it.
      const { start } = await import("../start/start.ts");
      await start(options);
    });
}
