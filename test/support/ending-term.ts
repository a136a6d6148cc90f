import type { Term } from "../../src/ports/leadership.ts";
import { StaleEpoch } from "../../src/ports/store.ts";

/** A lead that ends when the test says so. */
export interface EndingTerm extends Pick<Term, "confirm" | "holds"> {
  end(): void;
  /** How often somebody asked since it ended. */
  readonly refused: number;
}

export function endingTerm(): EndingTerm {
  let isOver = false;
  let refused = 0;
  return {
    holds: () => !isOver,
    async confirm() {
      if (!isOver) return;
      refused += 1;
      throw new StaleEpoch("another server leads");
    },
    end() {
      isOver = true;
    },
    get refused() {
      return refused;
    },
  };
}
