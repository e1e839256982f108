/**
 * A plugin of protoc: writes `api.md`, the page that client engineers read, from the comments and rules of the .proto files.
 * Run by `npm run generate` (proto/buf.gen.yaml).
 */
import { createEcmaScriptPlugin, runNodeJs } from '@bufbuild/protoplugin';
import { apiPage } from './api-page/api-page.ts';

runNodeJs(
  createEcmaScriptPlugin({
    name: 'protoc-gen-api',
    version: 'v1',
    // The framework is made for code; it writes any text.
    generateTs: (schema) => {
      const ours = schema.files.filter(({ proto }) => proto.package === 'payment.v1');
      schema.generateFile('api.md').print(apiPage(ours));
    },
  }),
);
