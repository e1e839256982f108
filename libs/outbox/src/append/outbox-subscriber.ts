import {
  ChangeSetType,
  type ChangeSet,
  type EntityManager,
  type EventSubscriber,
  type FlushEventArgs,
} from '@mikro-orm/core';
import { OutboxError } from '../errors.ts';
import { insertMessages, type AppendedMessage, type SqlTransaction } from './insert-messages.ts';
import { OutboxMessage } from './outbox-message.ts';

/** The messages of one transaction or savepoint, in order of append. */
interface Scope {
  messages: AppendedMessage[];
  /** The transaction around a savepoint; absent for the outermost. */
  parent?: Scope;
  /** Set once the outermost transaction has written its messages: nothing may follow. */
  written: boolean;
}

/** MikroORM's transaction events; the transaction of `beforeTransactionStart` is the one around the savepoint. */
interface TransactionEvent {
  em: EntityManager;
  transaction?: object;
}

const scopes = new WeakMap<object, Scope>();
/**
 * Messages that a flush has taken out. A nested unit of work also flushes what is pending in the one around it: a
 * message then shares the fate of the rows flushed with it, and is not collected a second time by the outer flush.
 */
const takenOut = new WeakSet<object>();
/** Rows and messages of a flush that holds messages and is under way, or has failed. */
const unfinished = new WeakMap<EntityManager, object[]>();
/** All of them, of all EntityManagers: forks share their entities. */
const unsettled = new WeakSet<object>();
/** Messages of a flush whose own transaction has not begun yet. */
const flushing = new WeakMap<EntityManager, AppendedMessage[]>();
/** The transaction around a savepoint that is about to begin. */
const parents = new WeakMap<EntityManager, Scope>();

/**
 * Writes the messages of a unit of work last. MikroORM flushes inserts before updates; a message inserted among them
 * would take its key's lock before the aggregate's row lock here and after it there, which deadlocks. So the flush is
 * relieved of its messages, each transaction and savepoint collects its own, and the outermost commit inserts them all
 * in one statement. List it in `subscribers` of the MikroORM config.
 */
export const outboxSubscriber: EventSubscriber<object> = {
  onFlush({ em, uow }: FlushEventArgs): void {
    const all = uow.getChangeSets();
    refuseAfterFailure(em, all);
    const changeSets = all.filter(isNewMessage);
    const entities = changeSets.map(({ entity }) => entity).filter((entity) => !takenOut.has(entity));
    for (const changeSet of changeSets) takeOut(changeSet, uow);
    if (entities.length === 0) return;
    const held = all.map(({ entity }) => entity);
    unfinished.set(em, held);
    for (const entity of held) unsettled.add(entity);
    const messages = entities.map(messageOf);
    const transaction = em.getTransactionContext<object>();
    if (transaction) collect(scopeOf(transaction), messages);
    else flushing.set(em, messages);
  },

  afterFlush({ em }: FlushEventArgs): void {
    for (const entity of unfinished.get(em) ?? []) unsettled.delete(entity);
    unfinished.delete(em);
    if (!flushing.delete(em)) return;
    throw new OutboxError(
      'MISUSE',
      'The flush ran without a transaction (implicitTransactions or transactions are off): the message was not written.',
    );
  },

  beforeTransactionStart({ em, transaction }: TransactionEvent): void {
    const parent = transaction && scopes.get(transaction);
    if (parent) parents.set(em, parent);
    else parents.delete(em);
  },

  afterTransactionStart({ em, transaction }: TransactionEvent): void {
    if (!transaction) return;
    const parent = parents.get(em);
    // A savepoint in a foreign transaction has no scope: it is refused once it holds a message, and not before.
    if ('savepointName' in transaction && !parent) return;
    scopes.set(transaction, { messages: [], written: false, ...(parent && { parent }) });
  },

  async beforeTransactionCommit({ em, transaction }: TransactionEvent): Promise<void> {
    const scope = transaction && scopes.get(transaction);
    if (!scope) return;
    collect(scope, flushing.get(em) ?? []);
    flushing.delete(em);
    if (scope.parent) return;
    scope.written = true;
    await insertMessages(transaction as SqlTransaction, scope.messages);
  },

  afterTransactionCommit({ transaction }: TransactionEvent): void {
    const scope = transaction && scopes.get(transaction);
    if (!scope) return;
    // Only a savepoint that was really released hands its messages on: a failed release rolls its rows back.
    if (scope.parent) collect(scope.parent, scope.messages);
    scopes.delete(transaction);
  },

  beforeTransactionRollback({ em, transaction }: TransactionEvent): void {
    flushing.delete(em);
    if (transaction) scopes.delete(transaction);
  },
};

/**
 * After a flush that failed MikroORM still holds the rows that it did not write, and would write them in the next flush;
 * their messages it holds no more. So the rows would come without them, or, where the transaction did not even begin, they
 * without the rows. The rows are known as well, for `transactional` works in a fork that shares them: a savepoint that
 * failed leaves them to the transaction around it, and a failed flush to a transaction after it.
 */
function refuseAfterFailure(em: EntityManager, changeSets: ChangeSet<object>[]): void {
  if (!unfinished.has(em) && !changeSets.some(({ entity }) => unsettled.has(entity))) return;
  throw new OutboxError(
    'MISUSE',
    'A flush that held messages has failed, and its rows would come without them: fork a new EntityManager, load what is needed, and do the unit of work again.',
  );
}

const isNewMessage = (changeSet: ChangeSet<object>): boolean =>
  changeSet.meta.className === OutboxMessage.meta.className && changeSet.type === ChangeSetType.CREATE;

const messageOf = (entity: object): AppendedMessage => ({ ...entity }) as AppendedMessage;

/**
 * Takes a message out of the flush. An update without a payload is what MikroORM itself skips, while the change set
 * still makes it open a transaction: so a unit of work that holds nothing but a message is committed like any other.
 */
function takeOut(changeSet: ChangeSet<object>, uow: FlushEventArgs['uow']): void {
  takenOut.add(changeSet.entity);
  changeSet.type = ChangeSetType.UPDATE;
  changeSet.payload = {};
  uow.unsetIdentity(changeSet.entity);
}

function collect(scope: Scope, messages: AppendedMessage[]): void {
  if (scope.written && messages.length > 0) {
    throw new OutboxError(
      'MISUSE',
      'A message was appended while its transaction was committing: append it before the commit.',
    );
  }
  scope.messages.push(...messages);
}

/** Of a transaction begun past MikroORM's events nobody would tell the commit: its messages would never be written. */
function scopeOf(transaction: object): Scope {
  const scope = scopes.get(transaction);
  if (scope) return scope;
  throw new OutboxError(
    'MISUSE',
    'The transaction was begun outside of the EntityManager, so its commit cannot be seen: begin it by em.transactional or em.begin.',
  );
}
