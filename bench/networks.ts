/**
 * Networks: throughput, requests and the commands, gantry beside Docker. The programs that measure run in containers of Debian:
 * iperf3, and an HTTP server by Bun. Within each round the peers take turns with every figure.
 */
import { debianBench } from '../test/rig/images.ts';
import { median, output, time } from './measure.ts';
import { openPeers, type Peer } from './peers.ts';
import { header, row } from './table.ts';
import { requestRate, throughput } from './traffic.ts';

/** What is measured of a peer, again and again. */
interface Figure {
  name: string;
  unit: 'ms' | 'Gbit/s' | '1/s';
  aim?: string;
  /** Docker starts two processes for each port, on this machine two ports a second. */
  onlyOurs?: boolean;
  take(peer: Peer): Promise<number> | number;
}

const network = 'bench';
const server = 'bench-server';
const client = 'bench-client';
const subject = 'bench-subject';
const image = 'debian:bench';

const shell = (...commands: string[][]): string[] => [
  'sh',
  '-c',
  commands.map((argv) => `'${argv.join("' '")}' >&2`).join(' && '),
];

/** Milliseconds that `start` takes of a container that was just made. */
function startOf(peer: Peer, ...flags: string[]): number {
  output(peer.argv('create', '--name', subject, '--network', network, ...flags, 'busybox', 'sleep', '3600'));
  try {
    return time(peer.argv('start', subject));
  } finally {
    output(peer.argv('rm', '-f', subject));
  }
}

const addressOf = (peer: Peer, name: string) =>
  output(peer.argv('inspect', '-f', `{{.NetworkSettings.Networks.${network}.IPAddress}}`, name));

const fromContainer = (peer: Peer) => peer.argv('exec', client);
const fromHost = (peer: Peer) => peer.network.prefix;
const fromOutside: string[] = [];

const figures: Figure[] = [
  { name: '`start`, one published port', unit: 'ms', take: (peer) => startOf(peer, '-p', '9000:80') },
  {
    name: '`start`, 20 published ports (`-p 9000-9019:9000-9019`)',
    unit: 'ms',
    take: (peer) => startOf(peer, '-p', '9000-9019:9000-9019'),
  },
  {
    name: '`start`, 1,000 published ports (`-p 9000-9999:9000-9999`)',
    unit: 'ms',
    aim: 'less than 50 ms more than one',
    onlyOurs: true,
    take: (peer) => startOf(peer, '-p', '9000-9999:9000-9999'),
  },
  {
    name: '`network create`, then `network rm`',
    unit: 'ms',
    take: (peer) => time(shell(peer.argv('network', 'create', 'brief'), peer.argv('network', 'rm', 'brief'))),
  },
  {
    name: '`network connect` of a running container, then `disconnect`',
    unit: 'ms',
    take: (peer) =>
      time(shell(...['connect', 'disconnect'].map((verb) => peer.argv('network', verb, 'second', client)))),
  },
  {
    name: 'container to container',
    unit: 'Gbit/s',
    aim: '95 %',
    take: (peer) => throughput(fromContainer(peer), addressOf(peer, server)),
  },
  {
    name: 'host to container, by its address',
    unit: 'Gbit/s',
    aim: '95 %',
    take: (peer) => throughput(fromHost(peer), addressOf(peer, server)),
  },
  {
    name: 'host to its own published port',
    unit: 'Gbit/s',
    aim: '95 %',
    take: (peer) => throughput(fromHost(peer), peer.network.addresses.inside),
  },
  {
    name: 'host to its own published port on 127.0.0.1',
    unit: 'Gbit/s',
    take: (peer) => throughput(fromHost(peer), '127.0.0.1'),
  },
  {
    name: 'another machine to the published port',
    unit: 'Gbit/s',
    aim: '95 %',
    take: (peer) => throughput(fromOutside, peer.network.addresses.inside),
  },
  {
    name: 'another machine, requests of one connection each',
    unit: '1/s',
    aim: '95 %',
    take: (peer) => requestRate(`http://${peer.network.addresses.inside}:8080/`),
  },
];

const serve = 'iperf3 -s -D && exec /bun -e "Bun.serve({ port: 80, fetch: () => new Response(\'ok\') })"';

function openScene(peer: Peer): void {
  output(peer.argv('network', 'create', network));
  output(peer.argv('network', 'create', 'second'));
  const run = (name: string, ...more: string[]) =>
    output(peer.argv('run', '-d', '--name', name, '--network', network, ...more));
  const ports = ['-p', '5201:5201', '-p', '8080:80'];
  run(server, ...ports, '-v', `${process.execPath}:/bun:ro`, image, 'sh', '-c', serve);
  run(client, image, 'sleep', '36000');
}

export async function benchNetworks(rounds: number): Promise<void> {
  await using open = await openPeers();
  const peers = open.list.filter(({ name }) => name === 'gantry' || name.startsWith('Docker'));
  for (const peer of peers) {
    await debianBench(peer);
    openScene(peer);
  }
  const taken = figures.map(() => peers.map((): number[] => []));
  for (let round = -1; round < rounds; round++)
    for (const [index, figure] of figures.entries())
      for (const [which, peer] of peers.entries()) {
        if (figure.onlyOurs && peer.name !== 'gantry') continue;
        const value = await figure.take(peer);
        // The first is for caches to warm up.
        if (round >= 0) taken[index]?.[which]?.push(value);
      }
  console.log(`median of ${rounds}, interleaved\n`);
  header(['', 'unit', ...peers.map(({ name }) => name), 'gantry / Docker', 'aim']);
  for (const [index, { name, unit, aim }] of figures.entries()) {
    const medians = (taken[index] ?? []).map(median);
    const [ours = Number.NaN, theirs = Number.NaN] = medians;
    const texts = medians.map((value) => (Number.isNaN(value) ? '-' : value.toFixed(unit === '1/s' ? 0 : 1)));
    const part = Number.isNaN(theirs) ? '-' : `${((100 * ours) / theirs).toFixed(0)} %`;
    row([name, unit, ...texts, part, aim ?? '']);
  }
}
