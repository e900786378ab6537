import { collectByAllMemory } from "@concord/engine/node";
import { Command, CommanderError, Option } from "commander";
import { alignCommand } from "./commands/align.ts";
import { dataCommand } from "./commands/data.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { joinCommand } from "./commands/join.ts";
import { modelCommand } from "./commands/model.ts";
import { planCommand } from "./commands/plan.ts";
import { runCommand } from "./commands/run.ts";
import { serveCommand } from "./commands/serve.ts";
import { startCommand } from "./commands/start.ts";
import { describe, exitCodeOf, output, surviveReaders } from "./output.ts";

/** Runs the command line and ends the process: 0 fine, 1 the work failed, 2 the input was wrong. */
export async function main(words: readonly string[]): Promise<void> {
  surviveReaders();
  collectByAllMemory();
  const program = new Command("concord")
    .description("Build AI together without handing over data.")
    .version("0.1.0")
    .showHelpAfterError("(--help shows what is possible)")
    .exitOverride();
  for (const command of [
    startCommand(),
    serveCommand(),
    joinCommand(),
    runCommand(),
    dataCommand(),
    modelCommand(),
    planCommand(),
    alignCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command);
  }
  for (const command of all(program)) {
    command.exitOverride();
    // Commands that do something, not the groups that hold them.
    if (command.commands.length === 0) {
      command.addOption(new Option("--json", "one JSON object a line, for programs"));
    }
  }
  const json = words.includes("--json");
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are "errors" of commander with exit code 0; all others are wrong input, which it has printed.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      if (error.exitCode !== 0) output(json).record({ type: "error", message: error.message });
    } else {
      output(json).record({ type: "error", message: describe(error) });
      process.stderr.write(`concord: ${describe(error)}\n`);
      process.exitCode = exitCodeOf(error);
    }
  }
  // Engines and sockets may keep the event loop alive after the work is done.
  await flushed();
  process.exit();
}

function all(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...all(child)]);
}

async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writable) await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}
