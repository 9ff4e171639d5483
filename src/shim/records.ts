import { open } from 'node:fs/promises';
import { internal } from '../lib/errors.ts';
import type { ExitRecord, ShimState } from './protocol.ts';

const maximumSize = 4096;

/** The whole of a small file, or undefined when there is none. */
async function readBounded(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maximumSize + 1), 0, maximumSize + 1, 0);
    if (bytesRead > maximumSize) throw internal(`${path}: larger than any record of a shim`);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseObject(json: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw internal(`${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null) throw internal(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function integer(value: unknown, maximum: number, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maximum)
    throw internal(`${what} is not a number in range`);
  return value;
}

function digits(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value))
    throw internal(`${what} is not a decimal string`);
  return value;
}

const maximumPid = 1 << 22;

export function parseShimState(json: string): ShimState {
  const record = parseObject(json, 'the state of a shim');
  return {
    shimPid: integer(record.shimPid, maximumPid, 'shimPid'),
    pid: integer(record.pid, maximumPid, 'pid'),
    startTime: digits(record.startTime, 'startTime'),
    startedAt: digits(record.startedAt, 'startedAt'),
  };
}

export function parseExitRecord(json: string): ExitRecord {
  const record = parseObject(json, 'an exit record');
  if (typeof record.oom !== 'boolean') throw internal('oom is not a boolean');
  return {
    code: integer(record.code, 255, 'code'),
    signal: integer(record.signal, 64, 'signal'),
    oom: record.oom,
    finishedAt: digits(record.finishedAt, 'finishedAt'),
  };
}

/** undefined: the shim has not started a process (yet). */
export async function readShimState(path: string): Promise<ShimState | undefined> {
  const json = await readBounded(path);
  return json === undefined ? undefined : parseShimState(json);
}

/** undefined: the process has not exited, or its shim was killed before it could say so. */
export async function readExitRecord(path: string): Promise<ExitRecord | undefined> {
  const json = await readBounded(path);
  return json === undefined ? undefined : parseExitRecord(json);
}
