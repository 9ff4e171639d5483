/** RUN --mount. Types only. */

/** A --mount as written. All its values may hold variables, `from` may not. */
export interface UnexpandedMount {
  fields: readonly string[];
  /** A stage or an image; null = the build context (bind) or nothing (cache). */
  from: string | null;
}

/** Who owns what a mount shows, and its permissions; null = the type's own default. */
export interface MountFile {
  mode: number | null;
  uid: number | null;
  gid: number | null;
}

/** `target` is absolute or relative to WORKDIR; "" = WORKDIR itself. The solver refuses a target that is `/` in the end. */
export type Mount =
  | { type: 'bind'; target: string; source: string; from: string | null; readOnly: boolean }
  | ({
      type: 'cache';
      target: string;
      /** The target, unless one is given. */
      id: string;
      sharing: 'shared' | 'private' | 'locked';
      /** What the cache is born with: a path in `from`; null = an empty directory (mode 0755 by default). */
      from: string | null;
      source: string;
      readOnly: boolean;
    } & MountFile)
  | { type: 'tmpfs'; target: string /** Bytes. */; size: number | null }
  | ({
      type: 'secret';
      id: string;
      /** null = no file, only `env`. Default mode 0400. */
      target: string | null;
      env: string | null;
      /** False: a secret that the client does not have is left out. */
      required: boolean;
    } & MountFile)
  | ({
      type: 'ssh';
      id: string;
      /** null = a path of the solver's choosing (BuildKit: /run/buildkit/ssh_agent.N). Default mode 0600. */
      target: string | null;
      required: boolean;
    } & MountFile);
