/** Debian's docker-compose, unmodified: a project's own networks, names, ports and what `down` leaves. */
import { expect } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, eventually } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const project = `
version: "3.8"
services:
  web:
    image: busybox
    command: sh -c 'mkdir -p /www; echo hello > /www/index.html; exec httpd -f -h /www -p 80'
    ports: ["8088:80"]
    networks: { front: { aliases: [site] }, back: { ipv4_address: 10.66.0.9 } }
  client:
    image: busybox
    command: sleep 600
    depends_on: [web]
    networks: [front]
networks:
  front: {}
  back: { internal: true, ipam: { config: [{ subnet: 10.66.0.0/24 }] } }
`;

/** Its event watcher wants fields that the API has left out since 1.52. */
const compose = (engine: TestEngine, directory: string, ...args: string[]) =>
  command(
    [
      'docker-compose',
      '-p',
      'shop',
      '--project-directory',
      directory,
      '-f',
      join(directory, 'compose.yml'),
      ...args,
    ],
    {
      env: { DOCKER_HOST: engine.host, COMPOSE_API_VERSION: '1.41' },
      timeout: 60_000,
    },
  );

suite().once('a project with networks of its own', async (engine) => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-compose-'));
  using _ = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
  writeFileSync(join(directory, 'compose.yml'), project);
  const up = await compose(engine, directory, 'up', '-d');
  expect(up.stderr).toContain('Creating network "shop_front"');
  expect(up.code).toBe(0);
  await eventually(
    async () => (await engine.curl('http://127.0.0.1:8088/')).stdout === 'hello\n',
    'the page is there',
  );
  const ask = (name: string) =>
    engine.ok('docker', 'exec', 'shop_client_1', 'wget', '-qO-', `http://${name}/`);
  const ip = await engine.ok(
    'docker',
    'inspect',
    '-f',
    '{{.NetworkSettings.Networks.shop_front.IPAddress}}',
    'shop_web_1',
  );
  for (const name of ['web', 'site', 'shop_web_1'])
    expect(await engine.ok('docker', 'exec', 'shop_client_1', 'nslookup', name, '127.0.0.11')).toContain(ip);
  expect(await ask(ip)).toBe('hello');
  expect(
    await engine.ok(
      'docker',
      'inspect',
      '-f',
      '{{.NetworkSettings.Networks.shop_back.IPAddress}}',
      'shop_web_1',
    ),
  ).toBe('10.66.0.9');
  expect((await compose(engine, directory, 'up', '-d')).stderr).toContain('shop_web_1 is up-to-date');
  expect((await compose(engine, directory, 'down', '-t', '0')).code).toBe(0);
  const left = await engine.ok('docker', 'network', 'ls', '--format', '{{.Name}}');
  expect(left.split('\n').sort()).toEqual(['bridge', 'host', 'none']);
  expect(await engine.ok('docker', 'ps', '-aq')).toBe('');
});
