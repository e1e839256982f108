import { toBinary } from '@bufbuild/protobuf';
import type { DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';
import { file_google_rpc_error_details, file_payment_v1_payment_service } from '@payments/contracts';

/** A file and every file it imports, the imported ones first. */
const withImports = (file: DescFile): DescFile[] => [
  ...new Set([...file.dependencies.flatMap(withImports), file]),
];

type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];

/** What the reflection service reads of a package definition: serialized file descriptors. */
const definitionOf = (files: readonly DescFile[]): PackageDefinition => ({
  files: {
    format: 'Protocol Buffer 3 DescriptorProto',
    type: {},
    fileDescriptorProtos: files
      .flatMap(withImports)
      .map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto))),
  },
});

/**
 * Server reflection (v1 and v1alpha) of `payment.v1`, so that tools can call the service without its proto files. The
 * types of error details are among them: tools can then read those, too.
 */
export const paymentReflection = (): ReflectionService =>
  new ReflectionService(definitionOf([file_payment_v1_payment_service, file_google_rpc_error_details]));
