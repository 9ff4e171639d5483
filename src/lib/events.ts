/** Something that happened, for `docker events` and for whoever waits inside the engine. */
export interface EngineEvent {
  type: 'container' | 'image' | 'volume' | 'network' | 'daemon';
  /** Docker's action: create, start, die, oom, `exec_create: sh`, … */
  action: string;
  id: string;
  attributes: Record<string, string>;
  /** Unix nanoseconds. */
  timeNano: bigint;
}

/** Given to every noun; the engine keeps the last 256 for replay. */
export type Emit = (event: Omit<EngineEvent, 'timeNano'>) => void;
