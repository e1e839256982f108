import { status } from '@grpc/grpc-js';
import type {
  Server,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { PaymentService } from '@payments/contracts';
import { HealthImplementation } from 'grpc-health-check';

/** The standard health service, for any number of servers. */
export type ServingHealth = {
  addTo: (server: Server) => void;
  /** For the whole server and for the payment service. NOT_SERVING at first. */
  setServing: (serving: boolean) => void;
};

type Asked = { service: string };
type Watch = (call: ServerWritableStream<Asked, object>) => void;
type Check = (call: ServerUnaryCall<Asked, object>, callback: (error: object) => void) => void;

/** What a server serves: the whole of it, and the payment service. */
const services: readonly string[] = ['', PaymentService.typeName];

/**
 * Answers for what is not served here without keeping or repeating its name. grpc-health-check 2.1 keeps every name that was
 * ever watched, and strangers ask without a token: as long as a request may be, until there is no memory left. What is served does not change,
 * so nobody who watches something else will ever hear more.
 */
const boundedBy = (handlers: UntypedServiceImplementation): UntypedServiceImplementation => {
  const { check, watch } = handlers as unknown as { check: Check; watch: Watch };
  const boundedCheck: Check = (call, callback) =>
    services.includes(call.request.service)
      ? check(call, callback)
      : callback({ code: status.NOT_FOUND, details: 'there is no such service' });
  const boundedWatch: Watch = (call) =>
    services.includes(call.request.service) ? watch(call) : void call.write({ status: 'SERVICE_UNKNOWN' });
  return { ...handlers, check: boundedCheck, watch: boundedWatch };
};

/** Opens the health service. */
export const serveHealth = (): ServingHealth => {
  const health = new HealthImplementation();
  const setServing = (serving: boolean) => {
    for (const service of services) health.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING');
  };
  setServing(false);
  const addTo = (server: Server) =>
    // All that it asks of a server.
    health.addToServer({
      addService: (definition: Parameters<Server['addService']>[0], handlers: UntypedServiceImplementation) =>
        server.addService(definition, boundedBy(handlers)),
    });
  return { addTo, setServing };
};
