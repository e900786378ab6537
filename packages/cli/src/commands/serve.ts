import { federationIdSchema } from "@concord/protocol";
import { Command } from "commander";
import { z } from "zod";
import { checkOptions, listenOptions, whole } from "../options.ts";

const optionsSchema = z.object({
  ...listenOptions,
  id: federationIdSchema.optional(),
  invites: whole(0, 10_000).default(0),
  gateway: z.string().optional(),
});
export type Options = z.output<typeof optionsSchema>;

export function serveCommand(): Command {
  return new Command("serve")
    .description("Run the coordinator alone; parties join from elsewhere.")
    .argument(
      "[federation.yaml]",
      "a federation (or an experiment) to create, if its id is not there yet; those of the folder go on in any case",
    )
    .option("--id <id>", "the federation's id (default: the file's name)")
    .option("--invites <n>", "print so many invites (default: 0)")
    .option("--gateway <file.yaml>", "answer requests of OpenAI's shape, keeping to palettes: bases, keys and rewards")
    .option("--port <port>", "default: 7700; 0 picks a free one")
    .option("--host <address>", "address to listen on (default: 127.0.0.1); others need TLS or --insecure")
    .option("--allowed-host <name...>", "further names under which the server may be addressed")
    .option("--tls-cert <file>", "certificate chain, PEM")
    .option("--tls-key <file>", "private key, PEM")
    .option("--insecure", "listen on other addresses than loopback without TLS")
    .option("--dir <folder>", "where everything is kept (default: .concord)")
    .addHelpText("after", "\nExample:\n  $ concord serve experiments/serve/handwriting.yaml --invites 3")
    .action(async (file: string | undefined, raw: unknown) => {
      const options = checkOptions("serve", optionsSchema, raw);
      // The server is loaded only by the commands that need it.
      const { serve } = await import("../serve.ts");
      await serve(file, options);
    });
}
