/** Outcomes: listens to every call of a runtime, and tells of one that ends twice or says more after its end. */
import type { Answer } from "../../../src/runtime/call/answer.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";

export type Outcome = "end" | "refuse" | "broken" | "cancel";

export class Outcomes {
  readonly counts: Record<Outcome, number> = { end: 0, refuse: 0, broken: 0, cancel: 0 };
  readonly complaints: string[] = [];
  started = 0;

  get ended(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** From now on; the runtime is a test's own, so its method may be replaced. */
  listenTo(runtime: Runtime): void {
    const start = runtime.start.bind(runtime);
    runtime.start = (plan, answer) => {
      this.started++;
      const watched = this.#watch(plan.id, answer);
      const call = start(plan, watched.answer);
      const cancel = call.cancel.bind(call);
      call.cancel = () => {
        watched.cancelled();
        cancel();
      };
      return call;
    };
  }

  #watch(id: string, answer: Answer): { readonly answer: Answer; readonly cancelled: () => void } {
    let outcome: Outcome | null = null;
    const over = (now: Outcome) => {
      if (outcome !== null) this.complaints.push(`${id}: ${now} after ${outcome}`);
      else this.counts[now]++;
      outcome = now;
    };
    const open = (what: string) => {
      if (outcome !== null) this.complaints.push(`${id}: ${what} after ${outcome}`);
    };
    return {
      // A client that leaves once all was said to it cancels nothing.
      cancelled: () => void (outcome === null && over("cancel")),
      answer: {
        head: (...said) => {
          open("head");
          answer.head(...said);
        },
        data: (chunk) => {
          open("data");
          return answer.data(chunk);
        },
        end: (isWhole) => {
          over("end");
          answer.end(isWhole);
        },
        refuse: (...said) => {
          over("refuse");
          answer.refuse(...said);
        },
        broken: (error) => {
          over("broken");
          answer.broken(error);
        },
      },
    };
  }
}
