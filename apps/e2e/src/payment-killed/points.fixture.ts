import { holdDatabase } from '../hold-database.fixture.ts';
import type { Standing } from './look.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { commits, outcomeOf, intentOf, claimOf } from './wire.fixture.ts';
import type { Instance, World } from './world.fixture.ts';

/** What a point is arranged for. */
export interface Aim {
  world: World;
  instance: Instance | undefined;
  subject: Subject;
  /** Undefined as long as it is not known. */
  key: () => string | undefined;
  /** With this code the gateway decides against it. */
  decline?: string | undefined;
}

/** A place in the life of a request at which the process is killed. */
export interface Point {
  /** Makes the process stop there; resolves when it does. */
  arrange: (aim: Aim) => { reached: Promise<unknown>; release?: () => void };
  /** What has to stand after the kill: the proof that it hit. */
  stands: Partial<Standing>;
  /** It is the gateway that stops at deciding, and can be told there how to decide. */
  decides?: true;
  /** What it was about to do reaches the gateway when all is over. */
  arrivesLast?: true;
}

/** The points of a call, in the order of its life. */
export const callPoints = {
  'before the COMMIT of its intent reaches PostgreSQL': {
    arrange: ({ world, subject }) => ({
      reached: holdDatabase(world, (seen) => seen.sends && commits(seen) && intentOf(subject, seen)),
    }),
    stands: { stored: 'NONE', asked: 0, decided: false },
  },
  'its intent is committed, and it has not heard so': {
    arrange: ({ world, subject }) => ({
      reached: holdDatabase(world, (seen) => !seen.sends && commits(seen) && intentOf(subject, seen)),
    }),
    stands: { stored: 'PENDING', claim: 1, asked: 0, decided: false },
  },
  'its request is on the way, and arrives when all is over': {
    arrange: (aim) => holdGateway(aim, 'arrival'),
    arrivesLast: true,
    stands: { stored: 'PENDING', claim: 1, asked: 1, decided: false },
  },
  'the gateway has the request, and has not decided': {
    arrange: (aim) => holdGateway(aim, 'before'),
    decides: true,
    stands: { stored: 'PENDING', claim: 1, asked: 1, decided: false },
  },
  'the gateway has decided, and not answered': {
    arrange: (aim) => holdGateway(aim, 'after'),
    decides: true,
    stands: { stored: 'PENDING', claim: 1, asked: 1, decided: true, answered: false },
  },
  'the gateway has answered, and PostgreSQL has heard nothing of it': {
    arrange: ({ world, key }) => ({
      reached: holdDatabase(world, (seen) => seen.sends && outcomeOf(key(), seen)),
    }),
    stands: { stored: 'PENDING', claim: 1, asked: 1, decided: true, answered: true },
  },
  'before the COMMIT of its outcome reaches PostgreSQL': {
    arrange: ({ world, key }) => ({
      reached: holdDatabase(world, (seen) => seen.sends && commits(seen) && outcomeOf(key(), seen)),
    }),
    stands: { stored: 'PENDING', claim: 1, asked: 1, decided: true, answered: true },
  },
  'its outcome is committed, and it has not heard so': {
    arrange: ({ world, key }) => ({
      reached: holdDatabase(world, (seen) => !seen.sends && commits(seen) && outcomeOf(key(), seen)),
    }),
    stands: { stored: 'DECIDED', claim: 0, asked: 1, decided: true, answered: true },
  },
  'its reply is on the way to the client': {
    arrange: (aim) => ({ reached: holdReply(aim) }),
    stands: { stored: 'DECIDED', claim: 0, asked: 1, decided: true, answered: true },
  },
} satisfies Record<string, Point>;

/** The points of recovery. `after`: where the call before it was killed, for there to be something left to do. */
export const recoveryPoints = {
  'before the COMMIT of its claim reaches PostgreSQL': {
    after: 'the gateway has decided, and not answered',
    arrange: ({ world, key }) => ({
      reached: holdDatabase(world, (seen) => seen.sends && commits(seen) && claimOf(key(), seen)),
    }),
    stands: { stored: 'PENDING', claim: 1, lookedUp: 0, asked: 1 },
  },
  'its claim is committed, and it has not heard so': {
    after: 'the gateway has decided, and not answered',
    arrange: ({ world, key }) => ({
      reached: holdDatabase(world, (seen) => !seen.sends && commits(seen) && claimOf(key(), seen)),
    }),
    stands: { stored: 'PENDING', claim: 2, lookedUp: 0, asked: 1 },
  },
  'the gateway is looking the charge up': {
    after: 'the gateway has decided, and not answered',
    arrange: ({ world, key }) => world.gateway.hold({ on: 'GET /charges', ...keyed(key()), at: 'after' }),
    stands: { stored: 'PENDING', claim: 2, lookedUp: 1, asked: 1 },
  },
  'the gateway has the request of recovery, and has not decided': {
    after: 'its intent is committed, and it has not heard so',
    arrange: (aim) => holdGateway(aim, 'before'),
    decides: true,
    stands: { stored: 'PENDING', claim: 2, asked: 1, decided: false },
  },
  'the gateway has decided on the request of recovery, and not answered': {
    after: 'its intent is committed, and it has not heard so',
    arrange: (aim) => holdGateway(aim, 'after'),
    decides: true,
    stands: { stored: 'PENDING', claim: 2, asked: 1, decided: true, answered: false },
  },
  'the gateway has answered recovery, and PostgreSQL has heard nothing of it': {
    after: 'the gateway has decided, and not answered',
    arrange: callPoints['the gateway has answered, and PostgreSQL has heard nothing of it'].arrange,
    stands: { stored: 'PENDING', claim: 2, decided: true, answered: true },
  },
  'before the COMMIT of the outcome of recovery reaches PostgreSQL': {
    after: 'the gateway has decided, and not answered',
    arrange: callPoints['before the COMMIT of its outcome reaches PostgreSQL'].arrange,
    stands: { stored: 'PENDING', claim: 2, decided: true, answered: true },
  },
  'the outcome of recovery is committed, and it has not heard so': {
    after: 'the gateway has decided, and not answered',
    arrange: callPoints['its outcome is committed, and it has not heard so'].arrange,
    stands: { stored: 'DECIDED', claim: 0, decided: true, answered: true },
  },
} satisfies Record<string, Point & { after: CallPoint }>;

/** Names of points. */
export type CallPoint = keyof typeof callPoints;
export type RecoveryPoint = keyof typeof recoveryPoints;

const keyed = (key: string | undefined) => (key === undefined ? {} : { key });

const holdGateway = ({ world, subject, decline }: Aim, at: 'arrival' | 'before' | 'after') =>
  world.gateway.hold({
    on: subject.on,
    reservationId: subject.reservationId,
    at,
    ...(decline !== undefined && { decline }),
  });

/** The payment of the reply is in sight in the frames of HTTP/2. */
const holdReply = async ({ instance, subject }: Aim): Promise<unknown> => {
  if (!instance) throw new Error('recovery replies to nobody');
  return instance.calls.faultWhen(({ direction, bytes }) =>
    direction === 'reply' && bytes.includes(subject.reservationId) ? 'hold' : 'pass',
  );
};
