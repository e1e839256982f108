import type { DescEnum, DescFile, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { getComments, getPackageComments } from '@bufbuild/protoplugin';
import { readComment, titled } from './comment.ts';
import type { Block } from './comment.ts';
import { inCell, linkTo, markdown, table } from './markdown.ts';
import { messageTable } from './message-table.ts';

/** The page about a package, as markdown: its services first, then what they speak of. */
export const apiPage = (files: readonly DescFile[]): string => {
  const services = files.flatMap((file) => file.services);
  const byCalls = new Set(
    services.flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output])),
  );
  return [
    `# ${files[0]?.proto.package ?? ''}`,
    'Written by `npm run generate` from the comments in [proto/payment/v1](../proto/payment/v1): mend them there.',
    ...services.flatMap(serviceSection),
    ...[...files].sort(withServicesFirst).flatMap((file) => fileSection(file, byCalls)),
  ].join('\n\n');
};

const withServicesFirst = (a: DescFile, b: DescFile): number => b.services.length - a.services.length;

const commentOf = (desc: DescEnum | DescMessage | DescMethod | DescService): Block[] =>
  readComment(getComments(desc).leading);

const serviceSection = (service: DescService): string[] => [
  `## ${service.name}`,
  ...markdown(commentOf(service)),
  service.methods.map(({ name }) => linkTo(name)).join(' · '),
  ...service.methods.flatMap(methodSection),
];

const methodSection = (method: DescMethod): string[] => {
  const { name, input, output } = method;
  return [
    `### ${name}`,
    ...markdown(commentOf(method)),
    ...[input, output].flatMap((message) => messageSection(message, 4)),
  ];
};

const messageSection = (message: DescMessage, level: number): string[] => [
  `${'#'.repeat(level)} ${message.name}`,
  ...markdown(commentOf(message)),
  messageTable(message),
];

const enumSection = (desc: DescEnum): string[] => [
  `### ${desc.name}`,
  ...markdown(commentOf(desc)),
  table(
    ['value', 'number', 'means'],
    desc.values.map((value) => [
      `\`${value.name}\``,
      String(value.number),
      inCell(readComment(getComments(value).leading)),
    ]),
  ),
];

/** What a file says of itself, and what is in it but has no place beside a method. */
const fileSection = (file: DescFile, shown: ReadonlySet<DescMessage>): string[] => {
  const { title, rest } = titled(readComment(getPackageComments(file).leading));
  return [
    `## ${title}`,
    ...markdown(rest),
    ...file.messages
      .filter((message) => !shown.has(message))
      .flatMap((message) => messageSection(message, 3)),
    ...file.enums.flatMap(enumSection),
  ];
};
