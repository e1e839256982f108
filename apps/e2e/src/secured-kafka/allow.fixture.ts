import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { users } from './manifests.fixture.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const operations: Record<string, number> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};
const resources: Record<string, number> = { topic: AclResourceTypes.TOPIC, group: AclResourceTypes.GROUP };
const patterns: Record<string, number> = {
  literal: ResourcePatternTypes.LITERAL,
  prefix: ResourcePatternTypes.PREFIXED,
};

/** Allows each user of the manifests what its KafkaUser says, as Strimzi's user operator does, and nothing else. */
export async function allowUsers(admin: Admin): Promise<void> {
  const acl = users.flatMap(({ name, acls }) =>
    acls.flatMap(({ resource, operations: allowed }) =>
      allowed.map((operation) => ({
        principal: `User:CN=${name}`,
        host: '*',
        operation: known(operations, operation),
        permissionType: AclPermissionTypes.ALLOW,
        resourceType: known(resources, resource.type),
        resourceName: resource.name,
        resourcePatternType: known(patterns, resource.patternType),
      })),
    ),
  );
  await admin.createAcls({ acl });
}

function known(names: Record<string, number>, name: string): number {
  const value = names[name];
  if (value === undefined) throw new Error(`${name} is none of ${Object.keys(names).join(', ')}`);
  return value;
}
