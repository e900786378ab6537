import { Command } from "commander";

/** A command that reads rewards. */
export function rewardsCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--rewards <file>", "CSV, JSON or JSON Lines: an answer a row, a value a column (default: standard input)")
    .option("--format <format>", "csv, json or jsonl (default: by the file's name, else by its first character)")
    .option("--prompt-column <name>", "the column that says which prompt an answer belongs to (default: prompt_id)")
    .option("--group-column <name>", "the column that says which group a prompt belongs to, for value@group=target");
}

/** A command that takes a palette as well. `dual` is the default, or null where the command chooses. */
export function paletteCommand(name: string, description: string, dual: "joint" | null = "joint"): Command {
  const command = rewardsCommand(name, description)
    .option(
      "--target <goals>",
      "value=target, separated by commas; a target is a level, mean, q70, +25% or p95>=1.2 (may be repeated)",
      (goals: string, before: readonly string[] = []) => [...before, goals],
    )
    .option("--palette <file.json>", 'a palette as a file: { "humor": 2.46, "helpful": "mean" }');
  const about = "joint, or per-prompt: what choosing among a prompt's own candidates delivers";
  return dual === null ? command.option("--dual <kind>", about) : command.option("--dual <kind>", about, dual);
}
