import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import type { Log } from '@payments/runtime';
import type { Attempt } from './read-exchange.ts';

/** When a circuit opens, and for how long, in milliseconds. */
export type CircuitOptions = { failures: number; halfOpenAfterMs: number };

/** Lets attempts through, or says NOT_ASKED at once while the gateway is known to be ill. */
export type Circuit = (attempt: () => Promise<Attempt>) => Promise<Attempt>;

/**
 * One circuit breaker of one gateway. `failures` attempts in a row that say that it is ill open it; after `halfOpenAfterMs` one
 * attempt is let through, which closes it or opens it again. An attempt that our side broke off says nothing of the gateway.
 */
export const openCircuit = (
  { failures, halfOpenAfterMs }: CircuitOptions,
  log: Pick<Log, 'warn'>,
): Circuit => {
  const breaker = circuitBreaker(
    handleWhenResult((attempt) => (attempt as Attempt).health !== 'WELL'),
    { halfOpenAfter: halfOpenAfterMs, breaker: new ConsecutiveBreaker(failures) },
  );
  breaker.onStateChange((state) =>
    log.warn({ circuit: names[state] }, 'the circuit to the payment gateway changed'),
  );
  return async (attempt) => {
    // While one tries whether it is well again, the others would wait for that one, beyond their own deadlines.
    if (breaker.state === CircuitState.HalfOpen) return refused;
    try {
      return await breaker.execute(async () => {
        const made = await attempt();
        // Neither a success nor a failure; but a try that told nothing must not close the circuit.
        if (made.health === 'UNTOLD' && breaker.state !== CircuitState.HalfOpen) throw new BrokenOff(made);
        return made;
      });
    } catch (error) {
      if (error instanceof BrokenOff) return error.attempt;
      if (error instanceof BrokenCircuitError) return refused;
      throw error;
    }
  };
};

/** What an open circuit answers in the gateway's place. */
const refused: Attempt = {
  answer: { outcome: 'NOT_ASKED', reason: 'the circuit is open: the gateway has been ill' },
  again: false,
  health: 'UNTOLD',
};

const names: Record<CircuitState, string> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'isolated',
};

/** Carries an attempt past the breaker without being counted. */
class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
  readonly attempt: Attempt;

  constructor(attempt: Attempt) {
    super('the attempt was broken off');
    this.attempt = attempt;
  }
}
