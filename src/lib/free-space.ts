import { type StatsFs, statfsSync } from 'node:fs';
import { unavailable } from './errors.ts';

/** What stays free where images are written: a full disk would take logs and the database with it. 2 %, at most 256 MiB. */
const reserveLimit = 256 << 20;
const reserveShare = 0.02;

const reserveOf = ({ blocks, bsize }: StatsFs) =>
  Math.floor(Math.min(reserveLimit, blocks * bsize * reserveShare));

/** Bytes that must stay free where `directory` is. */
export function freeReserve(directory: string): number {
  return reserveOf(statfsSync(directory));
}

/** Throws before `bytes` more would leave less than the reserve. */
export function requireFree(directory: string, bytes: number): void {
  const found = statfsSync(directory);
  const free = found.bavail * found.bsize;
  if (free - bytes < reserveOf(found))
    throw unavailable(`no space left on device: ${free} bytes are free, of which some must stay so`);
}
