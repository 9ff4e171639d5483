/** What is timed. `prepare` and `restore` are not counted; `run` gives the command line that is. */

import { output } from './measure.ts';
import type { Peer } from './peers.ts';

export interface Scenario {
  name: string;
  /** What our own command line aims at, as a fraction of Docker's time in the same run. */
  aim?: string;
  prepare?(peer: Peer): void;
  run(peer: Peer, round: number): string[];
  restore?(peer: Peer): void;
}

const name = 'bench';
const sleeper = (peer: Peer) => output(peer.argv('run', '-d', '--name', name, 'busybox', 'sleep', '3600'));
const remove = (peer: Peer) => output(peer.argv('rm', '-f', name));

export const scenarios: Scenario[] = [
  {
    name: '`run --rm busybox true`, bridge',
    aim: '1/10; docker CLI 1/7',
    run: (peer) => peer.argv('run', '--rm', 'busybox', 'true'),
  },
  {
    name: '`run --rm --network none busybox true`',
    run: (peer) => peer.argv('run', '--rm', '--network', 'none', 'busybox', 'true'),
  },
  {
    name: '`run --rm --network host busybox true`',
    run: (peer) => peer.argv('run', '--rm', '--network', 'host', 'busybox', 'true'),
  },
  {
    name: '`exec` true',
    aim: '1/8',
    prepare: sleeper,
    run: (peer) => peer.argv('exec', name, 'true'),
    restore: remove,
  },
  {
    name: '`create`',
    run: (peer) => peer.argv('create', '--name', name, 'busybox', 'true'),
    restore: remove,
  },
  {
    name: '`start`',
    prepare: (peer) => output(peer.argv('create', '--name', name, 'busybox', 'sleep', '3600')),
    run: (peer) => peer.argv('start', name),
    restore: remove,
  },
  {
    name: '`stop -t 0`',
    prepare: sleeper,
    run: (peer) => peer.argv('stop', '-t', '0', name),
    restore: remove,
  },
  { name: '`rm -f` of a running one', prepare: sleeper, run: (peer) => peer.argv('rm', '-f', name) },
  {
    name: '`run -d -p`, then `rm -f`',
    run: (peer) => [
      'sh',
      '-c',
      `'${peer.argv('run', '-d', '--name', name, '-p', '8080:80', 'busybox', 'sleep', '3600').join("' '")}' && '${peer.argv('rm', '-f', name).join("' '")}'`,
    ],
  },
  { name: '`ps`', prepare: sleeper, run: (peer) => peer.argv('ps'), restore: remove },
];
