import { readFile, stat } from "node:fs/promises";
import type { Tensor } from "@concord/engine";
import { decodeSafetensors, firstNonFinite, flatten, payloadBytes, SafetensorsError, showSpec } from "@concord/engine";
import Table from "cli-table3";
import { Command } from "commander";
import { InputError, output, showBytes } from "../output.ts";

/** Files beyond this are not read into memory. */
const MAX_BYTES = 2 * 1024 ** 3;

export function modelCommand(): Command {
  const info = new Command("info")
    .description("Show the tensors of a safetensors file.")
    .argument("<file.safetensors>", "the file")
    .addHelpText("after", "\nExample:\n  $ concord model info .concord/runs/federation-1/model.safetensors")
    .action(async (path: string, { json = false }: { json?: boolean }) => show(path, json));
  return new Command("model").description("Look at models.").addCommand(info);
}

async function show(path: string, json: boolean): Promise<void> {
  const out = output(json);
  const bytes = await read(path);
  let file: ReturnType<typeof decodeSafetensors>;
  try {
    file = decodeSafetensors(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError)
      throw new InputError(`${path} is no valid safetensors file: ${error.message}`);
    throw error;
  }
  const tensors = flatten(file.tensors);
  const parameters = tensors.reduce((count, [, leaf]) => count + leaf.data.length, 0);
  const payload = tensors.reduce((sum, [, leaf]) => sum + payloadBytes(leaf), 0);
  const table = new Table({
    head: ["tensor", "type and shape", "elements", "mean", "sd"],
    style: { head: [], border: [] },
  });
  for (const [name, leaf] of tensors) {
    const { mean, deviation } = moments(leaf);
    const finite = firstNonFinite(leaf) < 0;
    out.record({
      type: "tensor",
      name,
      dtype: leaf.dtype,
      shape: leaf.shape,
      elements: leaf.data.length,
      mean,
      deviation,
      finite,
    });
    table.push([
      name,
      showSpec(leaf),
      leaf.data.length,
      finite ? mean.toPrecision(3) : "not finite",
      deviation.toPrecision(3),
    ]);
  }
  out.say(table.toString());
  for (const [name, value] of Object.entries(file.metadata)) out.say(`${name}: ${value.slice(0, 200)}`);
  out.say(
    `${tensors.length} tensors, ${parameters} elements, ${showBytes(payload)} (file: ${showBytes(bytes.length)})`,
  );
  out.record({
    type: "result",
    tensors: tensors.length,
    parameters,
    payloadBytes: payload,
    fileBytes: bytes.length,
    metadata: file.metadata,
  });
}

async function read(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new InputError(`${path} has ${showBytes(size)}, at most ${showBytes(MAX_BYTES)} are read`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function moments({ data }: Tensor): { mean: number; deviation: number } {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = data.length === 0 ? 0 : sum / data.length;
  let squares = 0;
  for (const value of data) squares += (value - mean) ** 2;
  return { mean, deviation: data.length === 0 ? 0 : Math.sqrt(squares / data.length) };
}
