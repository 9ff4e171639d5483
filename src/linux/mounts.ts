/** How a root file system gets mounted, inside the mount namespace of whoever needs it. */
/** `overlay` options stay short because lower directories are relative to `cwd` (mount(2) takes at most a page). */
export type RootMount =
  | { kind: 'mount'; source: string; fstype: string; flags: number; data: string; cwd: string }
  | { kind: 'bind'; source: string };
