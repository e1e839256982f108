import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubernetesModule } from './find-kubernetes.ts';
import { moduleFolder } from './go-module.ts';

describe('the API server of Kubernetes', () => {
  it('says of itself that it is the release that is built', () => {
    const required = readFileSync(join(moduleFolder(kubernetesModule), 'go.mod'), 'utf8');
    const release = /^\tk8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/m.exec(required);
    expect(kubernetesModule.linkerFlags.map((flag) => flag.split('=')[1])).toEqual(release?.slice(1));
  });
});
