/** A request of the gateway's contract. */
export type GatewayRoute = 'POST /charges' | 'GET /charges' | 'POST /refunds';

/**
 * How the stand-in fails when it is told to. `before` and `after` say on which side of the money's movement the fault
 * lies: before it nothing was done and nothing is remembered of the request.
 * - `decline`: decides against it, with this code, for good.
 * - `status`: answers so, with a JSON body unless one is given; `headers` for `retry-after` and the like.
 * - `cut`: ends the connection with a TCP reset, without an answer.
 * - `delayMs`: works on it that much longer; the key is under way meanwhile.
 */
export type GatewayBehaviour =
  | { decline: string }
  | { status: number; at: 'before' | 'after'; body?: string; headers?: Record<string, string> }
  | { cut: 'before' | 'after' }
  | { delayMs: number };

/** Which requests a behaviour is for. */
export type GatewayRule = {
  on: GatewayRoute;
  /** Only those about this reservation: a refund by that of its charge. */
  reservationId?: string;
  /** Only those with this idempotency key. */
  key?: string;
  /** How many requests; default 1. */
  times?: number;
};

/**
 * Where a request is held: on its arrival, when the gateway does not know of it yet, or before or after the money's movement.
 */
export type GatewayHoldPlace = 'arrival' | 'before' | 'after';

/** The next request to hold, where, and whether it is decided against. */
export type GatewayHoldRule = Omit<GatewayRule, 'times'> & { at: GatewayHoldPlace; decline?: string };

/** A request that is kept waiting until it is released. */
export type HeldGatewayRequest = {
  /** Resolves with its key when a request is held. */
  reached: Promise<{ key: string }>;
  /** Lets it go on; before it came, too. Who asked may be gone by then: the gateway does its work all the same. */
  release: () => void;
};

/** A hold, as the server meets it. */
export type GatewayHold = {
  hold: GatewayHoldPlace;
  decline?: string;
  reached: (request: { key: string }) => void;
  released: Promise<void>;
};

/** What is known of a request that came. */
export type GatewayArrival = { on: GatewayRoute; key: string; reservationId: string | undefined };

type Waiting = GatewayRule & { then: GatewayBehaviour | GatewayHold; left: number };

/** The behaviours asked for and not met yet. */
export function gatewayBehaviours() {
  const rules: Waiting[] = [];
  const add = (rule: GatewayRule, then: Waiting['then']) =>
    void rules.push({ ...rule, then, left: rule.times ?? 1 });
  return {
    add,
    /** Holds the next request that fits. */
    hold: ({ at: hold, decline, ...rule }: GatewayHoldRule): HeldGatewayRequest => {
      const reached = Promise.withResolvers<{ key: string }>();
      const released = Promise.withResolvers<void>();
      const then = { hold, reached: reached.resolve, released: released.promise };
      add(rule, decline === undefined ? then : { ...then, decline });
      return { reached: reached.promise, release: released.resolve };
    },
    /** What this request meets: the first rule that fits, which is used up by it. */
    next: (arrival: GatewayArrival): GatewayBehaviour | GatewayHold | undefined => {
      const rule = rules.find((candidate) => candidate.left > 0 && fits(candidate, arrival));
      if (rule) rule.left -= 1;
      return rule?.then;
    },
    forget: () => void (rules.length = 0),
  };
}

const fits = (rule: GatewayRule, { on, key, reservationId }: GatewayArrival): boolean =>
  rule.on === on &&
  (rule.key === undefined || rule.key === key) &&
  (rule.reservationId === undefined || rule.reservationId === reservationId);
