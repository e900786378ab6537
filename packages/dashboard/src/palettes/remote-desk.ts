import type { DeskCall, DeskCalls } from "./desk.ts";

export interface ToDesk {
  readonly call: DeskCall;
  readonly ask: unknown;
}

export type FromDesk = { readonly answer: unknown } | { readonly problem: string };

/** A desk in another thread. */
export interface RemoteDesk {
  /** Rejects with the reason where the desk throws. */
  ask<C extends DeskCall>(call: C, ask: DeskCalls[C]["ask"]): Promise<DeskCalls[C]["answer"]>;
  close(): void;
}

/** Starts a worker with a desk. It answers in order, so the oldest open question is the one that is answered. */
export function openDesk(): RemoteDesk {
  const worker = new Worker(new URL("./desk-worker.ts", import.meta.url), { type: "module", name: "concord palettes" });
  const open: PromiseWithResolvers<unknown>[] = [];
  let broken: Error | null = null;
  worker.addEventListener("message", ({ data }: MessageEvent<FromDesk>) => {
    const asked = open.shift();
    if ("answer" in data) asked?.resolve(data.answer);
    else asked?.reject(new Error(data.problem));
  });
  worker.addEventListener("error", (event) => {
    broken = new Error(event.message || "the page's worker could not be started");
    for (const asked of open.splice(0)) asked.reject(broken);
  });
  return {
    ask<C extends DeskCall>(call: C, ask: DeskCalls[C]["ask"]) {
      if (broken !== null) return Promise.reject(broken);
      const asked = Promise.withResolvers<unknown>();
      open.push(asked);
      worker.postMessage({ call, ask } satisfies ToDesk);
      return asked.promise as Promise<DeskCalls[C]["answer"]>;
    },
    close: () => worker.terminate(),
  };
}
