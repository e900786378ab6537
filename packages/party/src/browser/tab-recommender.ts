import type {
  RecommenderCommand,
  RecommenderHome,
  RecommenderNews,
  RecommenderState,
  ToRecommender,
} from "./recommender-messages.ts";
import { spawnWorker } from "./spawn.ts";

/** The recommender of this tab as the page sees it; the work is done in a Web Worker. It never throws: problems are told. */
export interface TabRecommender {
  readonly view: TabRecommenderView;
  /** Calls back after every change of `view`; returns how to stop that. */
  subscribe(listener: () => void): () => void;
  /** Asks for something; what comes of it is in the view. */
  ask(command: Exclude<RecommenderCommand, { readonly kind: "open" | "export" }>): void;
  /** The owner's copy, as JSON. */
  export(): Promise<string>;
  /** Ends the worker, as closing the tab does. */
  close(): void;
}

interface TabRecommenderView {
  /** Undefined until it has been opened. */
  readonly home: RecommenderHome | undefined;
  readonly state: RecommenderState | undefined;
  /** The last command that could not be done. */
  readonly problem: string | undefined;
  /** Why it could not be opened. */
  readonly failed: { readonly code: string; readonly reason: string } | undefined;
  readonly deleted: boolean;
}

interface RecommenderOpening {
  readonly origin: string;
  readonly federation: string;
  /** The link; not needed where the browser keeps this federation already. */
  readonly invite?: string | undefined;
}

/** Opens the recommender of a federation in this tab. */
export function openTabRecommender(opening: RecommenderOpening, spawn: () => Worker = spawnWorker): TabRecommender {
  const worker = spawn();
  const listeners = new Set<() => void>();
  const copies: ((copy: string) => void)[] = [];
  let view: TabRecommenderView = {
    home: undefined,
    state: undefined,
    problem: undefined,
    failed: undefined,
    deleted: false,
  };
  worker.onmessage = ({ data }: MessageEvent<RecommenderNews>) => receive(data);
  worker.onerror = ({ message }) => show({ failed: { code: "internal", reason: `the worker has failed: ${message}` } });
  tell({ kind: "open", ...opening });
  return {
    get view() {
      return view;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ask(command) {
      if (view.problem !== undefined) show({ problem: undefined });
      tell(command);
    },
    export() {
      const { promise, resolve } = Promise.withResolvers<string>();
      copies.push(resolve);
      tell({ kind: "export" });
      return promise;
    },
    close: () => worker.terminate(),
  };

  function receive(news: RecommenderNews): void {
    switch (news.type) {
      case "opened":
        show({ home: news.home });
        break;
      case "state":
        show({ state: news.state });
        break;
      case "exported":
        copies.shift()?.(news.copy);
        break;
      case "deleted":
        worker.terminate();
        show({ deleted: true });
        break;
      case "failed":
        show({ failed: { code: news.code, reason: news.reason } });
        break;
      case "problem":
        show({ problem: news.reason });
    }
  }

  function show(change: Partial<TabRecommenderView>): void {
    view = { ...view, ...change };
    for (const listener of listeners) listener();
  }

  function tell(command: RecommenderCommand): void {
    worker.postMessage({ type: "recommender", command } satisfies ToRecommender);
  }
}
