import { callPoints, recoveryPoints, type CallPoint, type RecoveryPoint } from './points.fixture.ts';

/** One round: what is asked for, and where the process is killed at it, and the next one at recovering it. */
export interface Round {
  kind: 'CHARGE' | 'REFUND';
  /** The gateway decides against it. */
  declined: boolean;
  call: CallPoint;
  recovery?: RecoveryPoint;
  /** What the gateway held is decided only after recovery has asked for it, too. */
  late?: true;
  /** So many more orders are under way, wherever the kill meets them. */
  bystanders: number;
}

const kinds = ['CHARGE', 'REFUND'] as const;

const undecided: CallPoint = 'the gateway has the request, and has not decided';
const unanswered: CallPoint = 'the gateway has decided, and not answered';
const reply: CallPoint = 'its reply is on the way to the client';
const lookUp: RecoveryPoint = 'the gateway is looking the charge up';

const sound = (kind: Round['kind']) => ({ kind, declined: false, bystanders: 0 });

/** Every point once, each with charges and with refunds. Recovery looks up charges alone. */
export const everyPoint: readonly Round[] = [
  ...kinds.flatMap((kind) => keysOf(callPoints).map((call) => ({ ...sound(kind), call }))),
  ...kinds.map((kind) => ({ ...sound(kind), call: undecided, late: true as const })),
  ...kinds.map((kind) => ({ ...sound(kind), call: unanswered, declined: true })),
  ...keysOf(recoveryPoints).map((recovery) => ({
    ...sound('CHARGE'),
    call: recoveryPoints[recovery].after,
    recovery,
  })),
];

/** A round that is drawn. */
export function drawRound(random: () => number): Round {
  const draw = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const kind = draw(kinds);
  const rest = { kind, declined: random() < 0.3, bystanders: Math.floor(random() * 4) };
  if (random() < 0.5) {
    const call = draw(keysOf(callPoints));
    // The refusal of a refund is an error, whose details cannot be seen on the wire: when to hold it is not known.
    if (call === reply && kind === 'REFUND') return { ...rest, call, declined: false };
    return { ...rest, call, ...(call === undecided && random() < 0.5 && { late: true }) };
  }
  const recovery = draw(keysOf(recoveryPoints).filter((point) => kind === 'CHARGE' || point !== lookUp));
  return { ...rest, call: recoveryPoints[recovery].after, recovery };
}

/** How often a process is killed in it. */
export const killsOf = ({ recovery }: Round): number => (recovery === undefined ? 1 : 2);

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
