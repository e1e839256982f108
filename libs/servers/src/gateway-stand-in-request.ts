/** What a gateway's request asks for, and what breaks the contract of docs/gateway.md, as pure functions. */

/** The body of `POST /charges`. */
export type ChargeRequest = {
  user_id: string;
  reservation_id: string;
  amount_minor: string;
  currency: string;
};

/** The body of `POST /refunds`: the key of the charge. */
export type RefundRequest = { charge: string };

/** Read, or the first field that breaks the contract. */
export type Read<T> = { ok: true; value: T } | { ok: false; field: string };

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const text = /^.{1,255}$/su;

const chargeFields: Record<keyof ChargeRequest, RegExp> = {
  user_id: text,
  reservation_id: text,
  amount_minor: /^[1-9]\d{0,18}$/,
  currency: /^[A-Z]{3}$/,
};

/** Whether it may be an idempotency key. */
export const isKey = (value: unknown): value is string => typeof value === 'string' && uuid.test(value);

/** Reads the JSON body of `POST /charges`. */
export const readCharge = (body: string): Read<ChargeRequest> => readFields(body, chargeFields);

/** Reads the JSON body of `POST /refunds`. */
export const readRefund = (body: string): Read<RefundRequest> =>
  readFields<RefundRequest>(body, { charge: uuid });

/** Every field has to be there and of its form, and no other: a misspelled one must not go unseen. */
function readFields<T extends Record<string, string>>(
  body: string,
  fields: Record<keyof T, RegExp>,
): Read<T> {
  const value = parse(body);
  if (!isRecord(value)) return { ok: false, field: 'body' };
  const bad = Object.entries(fields).find(([name, form]) => {
    const found = value[name];
    return typeof found !== 'string' || !form.test(found);
  });
  const unknown = Object.keys(value).find((name) => !(name in fields));
  const field = bad?.[0] ?? unknown;
  return field === undefined ? { ok: true, value: value as T } : { ok: false, field };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
