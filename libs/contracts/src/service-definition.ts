import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, DescService, MessageShape } from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import type { handleUnaryCall, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** What a grpc-js server is given to serve the unary methods of a generated service. */
export type Handlers<Methods extends GenServiceMethods> = {
  [Name in keyof Methods]: handleUnaryCall<
    MessageShape<Methods[Name]['input']>,
    MessageShape<Methods[Name]['output']>
  >;
};

type AnyMessage = MessageShape<DescMessage>;

const serialize = (schema: DescMessage) => (message: AnyMessage) => Buffer.from(toBinary(schema, message));
const deserialize = (schema: DescMessage) => (bytes: Uint8Array) => fromBinary(schema, bytes);

const methodDefinition = (
  method: DescService['methods'][number],
): MethodDefinition<AnyMessage, AnyMessage> => ({
  path: `/${method.parent.typeName}/${method.name}`,
  requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
  responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
  requestSerialize: serialize(method.input),
  requestDeserialize: deserialize(method.input),
  responseSerialize: serialize(method.output),
  responseDeserialize: deserialize(method.output),
  originalName: method.localName,
});

/** The bridge from a service that protobuf-es generated to the definition that grpc-js serves and calls. */
export const serviceDefinition = <Methods extends GenServiceMethods>(service: GenService<Methods>) =>
  Object.fromEntries(
    service.methods.map((method) => [method.localName, methodDefinition(method)]),
  ) as ServiceDefinition<Handlers<Methods>>;
