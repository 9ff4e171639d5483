/**
 * What the daemon and a shim (gantry-init) say to each other. native/protocol.h is the same file in C.
 *
 * Start: the daemon spawns `gantry-init shim` with a pipe on stdin and one on stdout.
 *   stdin  <- u32 length, then a Launch, then the operations of the container (see linux/encode.ts).
 *   stdout -> events, each: u32 length of what follows, u8 type, payload.
 * The shim makes itself a session leader, binds its socket (mode 0600, path-based: CVE-2020-15257), says `listening`, makes
 * the container, waits until `expectAttach` attach connections are there, lets the child exec, says `started` or `failed`.
 * After `failed` it removes its socket and leaves, having removed nothing else (the daemon undoes by its own plan).
 *
 * Socket: each connection begins with one request: u32 length, u8 type, payload. Every request but `watch` is answered by
 * u8 status (0 ok, 1 error), then on error its text (u32 length, bytes). Afterwards:
 *   watch  : the connection carries events, beginning with what is true now (`started`, or `exited`).
 *   attach : the connection is the stream. From shim: without tty Docker's frames (8 byte header: type 1 stdout, 2 stderr,
 *            0 0 0, u32 big-endian length), with tty raw bytes. To shim: raw bytes for stdin; a half-close is its end.
 *            The shim closes when the process is gone and everything it wrote was sent.
 *   exec   : like attach, once the process runs; the status byte comes after the execve succeeded or failed. Its
 *            operations begin with `join`; they run in a child of the shim (which reaps the process). With neither stdin,
 *            stdout nor stderr wanted the connection closes after the status. Its end is an `exec-exited` event to
 *            watchers and the first daemon's stdout pipe, sent before the stream closes.
 *   names  : from now on the shim answers at 127.0.0.11:53 in the container's network namespace, as with
 *            Launch.namesPath. Where it does already, only the path changes.
 * All others are closed by the shim after the status.
 *
 * Exit: the shim reads until the container's output ends (at most 2 s after process 1 is gone when something else still
 * holds it open), writes the log to its end, writes the exit record (ExitRecord as JSON) to a temporary name, renames it
 * to Launch.exitPath, then sends `exited`, removes its socket, lets attach streams drain (at most 10 s without progress), exits.
 * A slow attach client slows the process down, so that it misses nothing. A stuck one (10 s without taking a byte) no longer
 * does: output is kept for it up to 16 MiB, then it is dropped; unless it asked to hold (`flags & hold`), then the process
 * waits for ever, as at a terminal. A dead stdout pipe or watcher is forgotten.
 */

/**
 * Names: the shim itself connects to `namesPath`, a stream socket of the daemon, when the container asks for the first time,
 * and again when it asks after the connection broke. Lengths and ids are big-endian there, as DNS has them. The shim says
 *   u16 length, the container's id                             once, then
 *   u16 length of what follows, u8 transport, DNS message      for each query
 * and the daemon answers in any order
 *   u16 length of what follows, u8 keep, DNS message           each query at most once, or
 *   u16 0                                                      "forget what you kept": names have changed
 * The ids of messages are the shim's own. `keep` says for what the answer may be used again while the daemon is away: nobody
 * listens at namesPath, or the connection ends (as it does when the daemon does not know the container yet). A query for which
 * nothing was kept waits 4 s for the daemon to come back, then it fails with SERVFAIL. One that the daemon has, but has not
 * answered for 4 s, gets what was kept; without that it goes on waiting, up to 10 s in all.
 */
export const names = {
  transport: { udp: 0, tcp: 1 },
  /** same: the same query, byte for byte (but its id). question: the same question, whatever stands behind it (EDNS). */
  keep: { not: 0, same: 1, question: 2 },
  /** Bytes. Longer queries are dropped; the daemon sends no longer answers; longer ones are not kept. */
  queryMax: 1232,
  answerMax: 65000,
  keptMax: 512,
} as const;

/** Fields of a Launch in wire order: strings and numbers as linux/encode.ts lays them out. */
export interface Launch {
  /** The container's id; also the process title of the shim (argv[1..] shows `shim <12 digits>`). */
  id: string;
  socketPath: string;
  /** {"shimPid","pid","startTime","startedAt"} as JSON, written by rename once the process runs. */
  statePath: string;
  exitPath: string;
  /** "" = log nothing. Docker's json-file format: {"log":"…","stream":"stdout","time":"RFC3339Nano"}. */
  logPath: string;
  /** Bytes after which the log rotates to .1, .2, …; 0 = never. */
  logMaxSize: number;
  logMaxFiles: number;
  /** Extra text put into each log line between stream and time, where Docker has its attrs ("" or `,"attrs":{…}`). */
  logExtra: string;
  tty: boolean;
  /** Whether the container has a stdin pipe at all; without it stdin is /dev/null. */
  openStdin: boolean;
  /** The container's stdin ends with the first attached client's. */
  stdinOnce: boolean;
  expectAttach: number;
  /** cgroup directory of the memory controller and the version it belongs to: for OOM events. "" = none. */
  memoryCgroup: string;
  cgroupVersion: 1 | 2;
  /** The daemon's socket for names: they are served at 127.0.0.11 inside. "" = they are not. */
  namesPath: string;
  /** Run as pid 1's reaper is done by gantry-init itself as `/sbin/docker-init`; nothing to say here. */
}

export const launchLayout = {
  id: 'string',
  socketPath: 'string',
  statePath: 'string',
  exitPath: 'string',
  logPath: 'string',
  logMaxSize: 'u64',
  logMaxFiles: 'u32',
  logExtra: 'string',
  tty: 'bool',
  openStdin: 'bool',
  stdinOnce: 'bool',
  expectAttach: 'u32',
  memoryCgroup: 'string',
  cgroupVersion: 'u32',
  namesPath: 'string',
} as const;

/** Event types (shim -> daemon) and their payload fields. */
export const events = {
  listening: { code: 1, fields: {} },
  /** startTime: field 22 of /proc/pid/stat. startedAt: unix nanoseconds as decimal string. */
  started: { code: 2, fields: { pid: 'u32', startTime: 'string', startedAt: 'string' } },
  /** index into the operations (2^32-1: not one of them), errno, and a short detail such as the path or the missing user. */
  failed: { code: 3, fields: { index: 'u32', errno: 'u32', detail: 'string' } },
  /** The exit record is on disk. code: 0-255 (128 + signal when killed). finishedAt: unix nanoseconds. */
  exited: { code: 4, fields: { code: 'u32', signal: 'u32', oom: 'bool', finishedAt: 'string' } },
  oom: { code: 5, fields: {} },
  execExited: { code: 6, fields: { execId: 'string', code: 'u32' } },
  /** An optional operation failed. */
  warning: { code: 7, fields: { index: 'u32', errno: 'u32', detail: 'string' } },
} as const;

/** Requests (daemon -> shim socket). `execId` "" means the container's own process. */
export const requests = {
  watch: { code: 1, fields: {} },
  /** flags: 1 stdin, 2 stdout, 4 stderr, 8 hold. */
  attach: { code: 2, fields: { execId: 'string', flags: 'u32' } },
  /** Followed by the operations. flags as attach, 16 tty. */
  exec: { code: 3, fields: { execId: 'string', flags: 'u32' } },
  resize: { code: 4, fields: { execId: 'string', rows: 'u32', columns: 'u32' } },
  /** By pidfd, so never to a reused pid. */
  signal: { code: 5, fields: { execId: 'string', signal: 'u32' } },
  /** From now on as if Launch.namesPath had said so. */
  names: { code: 6, fields: { namesPath: 'string' } },
} as const;

/** On a failed exec the error string of the reply is `<index>:<errno>:<detail>`. The status of a successful exec is followed by u32 pid. */

/** JSON at Launch.exitPath. */
export interface ExitRecord {
  code: number;
  signal: number;
  oom: boolean;
  /** Unix nanoseconds as decimal string. */
  finishedAt: string;
}

/** JSON at Launch.statePath. */
export interface ShimState {
  shimPid: number;
  pid: number;
  startTime: string;
  startedAt: string;
}
