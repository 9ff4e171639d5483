import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAgents } from './options.ts';

let directory: string;
let servers: Server[];
const at = (name: string) => join(directory, name);
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-agents-'));
  for (const name of ['key', 'other']) writeFileSync(at(name), '');
  servers = ['one', 'two'].map((name) => createServer().listen(at(name)));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

const parse = (...values: string[]) => parseAgents(values, { SSH_AUTH_SOCK: '/agent' });

test('the agent of whoever builds', () => {
  expect(parse('default')).toEqual([{ id: 'default', source: { kind: 'socket', path: '/agent' } }]);
  expect(parse('')).toEqual(parse('default'));
  expect(parse('github')).toEqual([{ id: 'github', source: { kind: 'socket', path: '/agent' } }]);
});

test('another agent, or keys', () => {
  expect(parse(`a=${at('one')}`)).toEqual([{ id: 'a', source: { kind: 'socket', path: at('one') } }]);
  expect(parse(`a=${at('key')},${at('other')}`, `=${at('key')}`)).toEqual([
    { id: 'a', source: { kind: 'keys', paths: [at('key'), at('other')] } },
    { id: 'default', source: { kind: 'keys', paths: [at('key')] } },
  ]);
});

test('what cannot be lent', () => {
  expect(() => parseAgents(['default'], {})).toThrow('make sure SSH_AUTH_SOCK is set');
  expect(() => parse(`a=${at('one')},${at('two')}`)).toThrow('only single socket allowed');
  expect(() => parse(`a=${at('one')},${at('key')}`)).toThrow('invalid combination of keys and sockets');
  expect(() => parse(`a=${at('none')}`)).toThrow(`open ${at('none')}: no such file or directory`);
  expect(() => parse('a', 'a')).toThrow('ID a is given twice');
  expect(() => parse('a\nb')).toThrow('invalid ID');
});
