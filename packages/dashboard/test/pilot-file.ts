import { key, rng } from "@concord/engine/random";

/** A made-up pilot as a file: 200 questions, six answers each, and two values that pull against each other. */
export function pilotCsv(): string {
  const random = rng(key("a pilot in a file"));
  const lines = ["prompt_id,prompt,answer,brave,calm"];
  for (let prompt = 0; prompt < 200; prompt++) {
    const topic = random.normal();
    for (let answer = 0; answer < 6; answer++) {
      const bold = random.normal();
      const brave = 0.5 * topic + bold;
      const calm = 2 - 0.5 * bold + 0.8 * random.normal();
      lines.push(
        `${prompt},question ${prompt},"answer ${answer}, to question ${prompt}",${brave.toFixed(5)},${calm.toFixed(5)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
