import { FailureReason } from '@payments/contracts/events';
import type { PhraseParts, Words } from './words.ts';

const number = new Intl.NumberFormat('ko');
/** A list rather than a sentence: which particle follows an id depends on how it is pronounced. */
const phrase = ({ amount, reservation, user }: PhraseParts) =>
  `${amount} · 예약 ${reservation} · 사용자 ${user}`;

/** Korean. */
export const ko: Words = {
  tag: 'ko',
  outcomes: {
    COMPLETED: { title: '결제 완료', count: (payments) => `완료 ${number.format(payments)}건`, phrase },
    FAILED: { title: '결제 실패', count: (payments) => `실패 ${number.format(payments)}건`, phrase },
    REFUNDED: { title: '환불 완료', count: (payments) => `환불 ${number.format(payments)}건`, phrase },
  },
  reasons: {
    [FailureReason.ALREADY_PAID]: { full: '이미 결제된 예약입니다', short: '이미 결제된 예약' },
    [FailureReason.LIMIT_EXCEEDED]: { full: '결제 한도를 초과했습니다', short: '한도 초과' },
    [FailureReason.DECLINED]: { full: 'PG사에서 승인을 거절했습니다', short: '승인 거절' },
    [FailureReason.AUTHORIZER_UNAVAILABLE]: {
      full: 'PG사에 연결할 수 없어 청구되지 않았습니다',
      short: 'PG사 연결 불가',
    },
    [FailureReason.UNSPECIFIED]: { full: '사유가 전달되지 않았습니다', short: '사유 없음' },
  },
  unknownReason: (reason) => `사유 번호 ${String(reason)}`,
  because: (reason) => ` · 사유: ${reason}`,
  labels: {
    reservation: '예약',
    user: '사용자',
    reason: '사유',
    declineCode: '거절 코드',
    payment: '결제 ID',
  },
  trace: '트레이스',
  mayRepeat: '이전 전송의 도착 여부를 알 수 없어, 이미 전달된 내용일 수 있습니다.',
  digest: (events) => `결제 알림 ${number.format(events)}건`,
  more: ({ events, failed }) =>
    `외 ${number.format(events)}건${failed > 0 ? ` (실패 ${number.format(failed)}건 포함)` : ''}`,
  moreCurrencies: (currencies) => `외 통화 ${number.format(currencies)}개`,
};
