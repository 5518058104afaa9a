/** Asked: what an instance wants of the store, and how it hears of the result. */
import type { OperationResult } from "../../store.ts";
import type { StepOperation } from "../messages.ts";

export interface Asked {
  /** Made when it is sent: times travel as what is left of them. */
  readonly operation: () => StepOperation;
  /** `ahead`: of a request that was queued, how many of its tenant and band waited by then. */
  readonly onResult: (result: OperationResult, ahead: number) => void;
  /** It has no meaning in another life: whoever asks tells there what it still has. */
  readonly isOfThisLife: boolean;
}

export interface PastLife {
  readonly name: string;
  /** It was answered steps that the store does not know of. */
  readonly isBehind: boolean;
  /** The last batch that the store knows of; 0: none. */
  readonly known: number;
}
