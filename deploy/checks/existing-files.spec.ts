import { describe, expect, it } from '@jest/globals';
import { documentedSecrets } from './existing-files.ts';

const page = `
for role in owner relay; do
  kubectl create secret generic database-$role --type=kubernetes.io/basic-auth \\
    --from-literal=username=$role --from-literal=password="$(openssl rand -hex 24)"
done
kubectl -n payments create secret tls payment-tls --cert=tls.crt --key=tls.key
kubectl -n payments create secret generic routes --from-file=routes.json=./routes.json
`;

describe('the secrets that a page has its reader make', () => {
  it('are those of its commands, also of a loop and of several lines', () => {
    expect([...documentedSecrets(page)].map(([name, keys]) => [name, ...keys])).toEqual([
      ['database-owner', 'username', 'password'],
      ['database-relay', 'username', 'password'],
      ['payment-tls', 'tls.crt', 'tls.key'],
      ['routes', 'routes.json'],
    ]);
  });
});
