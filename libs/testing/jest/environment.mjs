import { TestEnvironment } from 'jest-environment-node';

/**
 * Node's environment, which also tells a spec's resources how their test came out: what was used by a test that failed is kept for a look at it.
 * A resource registers itself in `globalThis.specResources` (libs/testing/src/keep-when-failed.ts).
 */
export default class SpecEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.specResources = { test: undefined, atEnd: [] };
  }

  async handleTestEvent(event) {
    const resources = this.global.specResources;
    if (event.name === 'test_start') resources.test = event.test;
    if (event.name === 'test_done') {
      const { test } = event;
      resources.test = undefined;
      this.anyFailed ||= test.errors.length > 0;
      await this.settle((owner) => owner === test, test.errors.length > 0);
    }
    if (event.name === 'run_finish') await this.settle(() => true, this.anyFailed === true);
  }

  /** Ends the resources of one owner: a test, or the file (undefined). */
  async settle(isOwner, failed) {
    const resources = this.global.specResources;
    const ending = resources.atEnd.filter(({ owner }) => isOwner(owner));
    resources.atEnd = resources.atEnd.filter((resource) => !ending.includes(resource));
    for (const { end } of ending) await end({ failed });
  }
}
