import { writeSync } from 'node:fs';
import type { Log, LogLevel } from '../lib/op.ts';

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** logfmt lines on stderr, as dockerd writes them: time="…" level=info msg="…" key="…". */
export function createLog(level: LogLevel): Log {
  const least = ranks[level];
  return (at, message, fields = {}) => {
    if (ranks[at] < least) return;
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(String(value))}`);
    const line = `time="${new Date().toISOString()}" level=${at} msg=${JSON.stringify(message)}${rest.join('')}\n`;
    try {
      writeSync(2, line);
    } catch {
      // A full or closed log must not stop the engine.
    }
  };
}
