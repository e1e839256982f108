/** The little of npm's own library that is used here; it comes without types. */
declare module '@npmcli/arborist' {
  export interface Edge {
    name: string;
    type: 'prod' | 'optional' | 'peer' | 'peerOptional' | 'dev' | 'workspace';
    /** What is wrong with it, e.g. `MISSING`. */
    error: string | null;
    to: Node | null;
  }
  export interface Node {
    /** As its manifest has it, with its scope. */
    packageName: string;
    /** Relative to the root, with slashes. */
    location: string;
    path: string;
    package: Record<string, unknown>;
    isLink: boolean;
    /** Where a link leads; of anything else, itself. */
    target: Node;
    edgesOut: Map<string, Edge>;
    inventory: Map<string, Node>;
  }
  export class Arborist {
    constructor(options: { path: string });
    loadActual(): Promise<Node>;
  }
}
