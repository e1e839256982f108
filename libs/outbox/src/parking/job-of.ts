import { discardRequest } from './discard-request.ts';
import type { Job, ParkingContext } from './job.ts';
import { releaseRequest } from './release-request.ts';
import { republishRequest } from './republish-request.ts';
import type { Request } from './requests.ts';

/** How a request is carried out. */
export function jobOf(context: ParkingContext, request: Request): Job {
  switch (request.kind) {
    case 'RELEASE':
      return releaseRequest(context, request);
    case 'DISCARD':
      return discardRequest(context, request);
    case 'REPUBLISH':
      return republishRequest(context, request);
  }
}
