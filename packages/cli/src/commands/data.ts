import { labelHistogram } from "@concord/learning";
import { CATALOG, locateDataset, pullDataset } from "@concord/learning/node";
import Table from "cli-table3";
import { Command } from "commander";
import { isHere, loadTrain } from "../datasets.ts";
import { output, showBytes } from "../output.ts";

export function dataCommand(): Command {
  return new Command("data").description("Data sets: list them, get them, look at them.").addCommand(list()).addCommand(pull()).addCommand(info());
}
void [labelHistogram, CATALOG, locateDataset, pullDataset, Table, isHere, loadTrain, output, showBytes];
function list(): Command { return new Command("list"); }
function pull(): Command { return new Command("pull"); }
function info(): Command { return new Command("info"); }
