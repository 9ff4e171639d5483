/** Types of the OCI runtime specification v1.3.0, as its JSON is. */
export interface Spec {
  ociVersion: string;
  process?: Process;
}
export interface Process {
  args: string[];
}
export type LinuxResources = Record<string, unknown>;
