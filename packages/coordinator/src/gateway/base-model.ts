/** A message of a conversation, as it goes to the base model. */
export interface Message {
  readonly role: "system" | "developer" | "user" | "assistant";
  readonly content: string;
  readonly name?: string | undefined;
}

/** What is asked: a conversation, or a text to be continued. */
export type Input =
  | { readonly kind: "chat"; readonly messages: readonly Message[] }
  | { readonly kind: "text"; readonly prompt: string };

export interface Drawing {
  readonly input: Input;
  /** Candidates to draw, independently. */
  readonly count: number;
  readonly sampling: { readonly temperature: number; readonly topP: number; readonly maxTokens: number };
  /** Candidate i is drawn from the stream of (seed, i), where the model can be seeded. */
  readonly seed: number;
  /** Ends the work early: then nobody wants the candidates any more. */
  readonly signal: AbortSignal;
}

export interface Candidate {
  readonly text: string;
  readonly finish: "stop" | "length";
  /** As the model counts them. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface Drawn {
  /** In the order of their seeds; as many as came. */
  readonly candidates: readonly Candidate[];
  /** One sentence for each that did not, which says nothing of where the model is. */
  readonly problems: readonly string[];
}

/** A model that answers: the gateway's port to whatever the operator has. */
export interface BaseModel {
  readonly name: string;
  /** Resolves with what came, which may be nothing. Rejects only where the question itself cannot be asked. */
  complete(drawing: Drawing): Promise<Drawn>;
  close(): Promise<void>;
}

/** The prompt as rewards read it: what was said, line by line. */
export function promptOf(input: Input): string {
  return input.kind === "text" ? input.prompt : input.messages.map(({ content }) => content).join("\n");
}
