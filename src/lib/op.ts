/** One step of progress of a long operation, in the shape of Docker's JSON progress lines but without its names. */
export type Progress =
  | { kind: 'status'; id?: string; status: string; current?: number; total?: number }
  | { kind: 'text'; text: string }
  | { kind: 'result'; value: Record<string, unknown> };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

/** What every long operation takes last: it stops when `signal` aborts (the client went away). */
export interface Operational {
  readonly signal: AbortSignal;
  readonly progress: (step: Progress) => void;
  readonly log: Log;
}

/** The same without progress: for a part whose steps nobody wants to hear of. */
export function quiet(op: Operational): Operational {
  return { ...op, progress: () => undefined };
}
