/** How a root file system gets mounted, inside the mount namespace of whoever needs it (root-mount.ts makes operations of it). */
export type RootMount =
  /** `overlay` options stay short because lower directories are relative to `cwd` (mount(2) takes at most a page). */
  | { kind: 'mount'; source: string; fstype: string; flags: number; data: string; cwd: string }
  | { kind: 'bind'; source: string }
  /** A FUSE mount named `source`, served by the program `argv` in directory `cwd` for as long as it is mounted. */
  | { kind: 'fuse'; source: string; argv: string[]; cwd: string };
