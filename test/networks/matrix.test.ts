/** Who may reach whom: every row of matrix.ts, tried at once by TCP and UDP, IPv4 and IPv6. */
import { expect } from 'bun:test';
import { isGantry } from '../rig/engine.ts';
import { type Case, type Cell, cases, type Row, ways } from './matrix.ts';
import { onStage } from './on-stage.ts';
import type { Protocol } from './place.ts';
import { families, type Stage } from './stage.ts';

const protocols: readonly Protocol[] = ['tcp', 'udp'];

async function outcome(stage: Stage, { from, way }: Case, expected: Row): Promise<Row> {
  const { address, port } = ways[way];
  const calls = protocols.flatMap((protocol) =>
    families.map(async (family): Promise<[Cell, string]> => {
      const cell: Cell = `${protocol}${family}`;
      const said = await stage.places[from].call(protocol, address[family], port[protocol], expected[cell]);
      return [cell, stage.nameOf(said, from)];
    }),
  );
  return Object.fromEntries(await Promise.all(calls)) as unknown as Row;
}

onStage('matrix', (staged) => {
  for (const one of cases) {
    const { from, way, becomes, docker } = one;
    staged(`${from}: ${way}`, async (stage) => {
      if (!isGantry && docker) console.log(`differs: ${from}: ${way}: ${docker.why}`);
      const expected = isGantry ? becomes : (docker?.becomes ?? becomes);
      expect(await outcome(stage, one, expected)).toEqual(expected);
    });
  }
});
