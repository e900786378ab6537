/** A federation of four that a test simulates in a second; `change` replaces lines by their first word. */
export function experiment(change: Readonly<Record<string, string>> = {}): string {
  const lines = {
    name: "name: Small",
    data: "data: { dataset: handwriting, parties: 4, partition: { kind: dirichlet, beta: 0.3 }, limit: 400 }",
    task: "task: { model: { kind: mlp, hidden: [16] }, optimizer: { kind: sgd, momentum: 0.9 }, learningRate: 0.05, batchSize: 10 }",
    algorithm: "algorithm: { kind: fedavg, localSteps: 5, activeParties: 3 }",
    rounds: "rounds: 4",
    ...change,
  };
  return `${Object.values(lines).join("\n")}\n`;
}
