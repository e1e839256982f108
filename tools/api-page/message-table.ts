import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { getComments } from '@bufbuild/protoplugin';
import { readComment } from './comment.ts';
import { inCell, linkTo, table } from './markdown.ts';
import { rulesText } from './rules-text.ts';

/** The fields of a message. Rules have a column where there are any. */
export const messageTable = (message: DescMessage): string => {
  const rows = message.fields.map((field) => [
    `\`${field.name}\``,
    typeText(field),
    inCell(readComment(getComments(field).leading)),
    rulesText(field),
  ]);
  const withRules = rows.some(([, , , rules]) => rules !== '');
  const columns = withRules ? ['field', 'type', 'what', 'checked'] : ['field', 'type', 'what'];
  return table(
    columns,
    rows.map((row) => row.slice(0, columns.length)),
  );
};

const typeText = (field: DescField): string =>
  field.fieldKind === 'list' ? `repeated ${elementText(field)}` : elementText(field);

const elementText = (field: DescField): string => {
  if (field.message) return nameText(field.message);
  if (field.enum) return nameText(field.enum);
  return ScalarType[field.scalar].toLowerCase();
};

/** What is on the page is linked there, what comes from elsewhere to where it is defined. */
const nameText = (desc: DescEnum | DescMessage): string => {
  const { proto } = desc.file;
  if (proto.package === 'payment.v1') return linkTo(desc.name);
  return proto.package === 'google.protobuf'
    ? `[${desc.name}](https://protobuf.dev/reference/protobuf/google.protobuf/#${desc.name.toLowerCase()})`
    : `[${desc.typeName}](../proto/${proto.name})`;
};
