import { type Algorithm, inferences } from "./inferences.ts";

/** In plain words: what a curious server learns from what is sent, and what it never gets. */
export function Inference({ algorithm }: { readonly algorithm: Algorithm }) {
  const { learns, never } = inferences(algorithm);
  return (
    <div className="join-pair">
      <div>
        <h3>What the server can infer</h3>
        <ul className="bullets">
          {learns.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
      <div>
        <h3>What never leaves this device</h3>
        <ul className="bullets">
          {never.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}
