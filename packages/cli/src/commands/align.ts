import { Command } from "commander";
import { solveCommand } from "../align/solve.ts";

export function alignCommand(): Command {
  return new Command("align")
    .description("Palettes of value targets: reachable or not, at what price, and answers that keep to them.")
    .addCommand(solveCommand());
}
