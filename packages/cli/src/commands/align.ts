import { Command } from "commander";
import { decodeCommand } from "../align/decode.ts";
import { describeCommand } from "../align/describe.ts";
import { frontierCommand } from "../align/frontier.ts";
import { generateCommand } from "../align/generate.ts";
import { reportCommand } from "../align/report.ts";
import { scoreCommand } from "../align/score.ts";
import { sequentialCommand } from "../align/sequential.ts";
import { solveCommand } from "../align/solve.ts";

export function alignCommand(): Command {
  return new Command("align")
    .description("Palettes of value targets: reachable or not, at what price, and answers that keep to them.")
    .addCommand(generateCommand())
    .addCommand(scoreCommand())
    .addCommand(solveCommand())
    .addCommand(frontierCommand())
    .addCommand(sequentialCommand())
    .addCommand(describeCommand())
    .addCommand(decodeCommand())
    .addCommand(reportCommand());
}
