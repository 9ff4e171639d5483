/** The network endpoints over HTTP: statuses, texts, and what each version of the API shows. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Network } from '../../src/api/types/networks.ts';
import { type Fixture, startServer } from './fixtures.ts';
import { ask } from './raw.ts';

let server: Fixture;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function send(line: string, json?: unknown): Promise<{ status: number; body: unknown }> {
  const sent =
    json === undefined ? {} : { header: 'Content-Type: application/json', body: JSON.stringify(json) };
  const { status, body } = await ask(server.socket, line, sent);
  return { status, body: body === '' ? null : JSON.parse(body) };
}

const refusal = (status: number, message: unknown) => ({ status, body: { message } });
const create = (json: object) => send('POST /v1.50/networks/create', json);
const filtered = (filters: object) => encodeURIComponent(JSON.stringify(filters));

async function idOf(name: string): Promise<string> {
  const { body } = await send(`GET /networks/${name}`);
  return (body as Network).Id;
}

describe('create and remove', () => {
  test('201 with the id; the name is then taken; 204', async () => {
    const made = await create({ Name: 'front', CheckDuplicate: true, Labels: { a: 'b' } });
    expect(made).toEqual({ status: 201, body: { Id: await idOf('front'), Warning: '' } });
    expect(await create({ Name: 'front' })).toEqual(refusal(409, 'network with name front already exists'));
    expect(await send('DELETE /networks/front')).toEqual({ status: 204, body: null });
    expect(await send('DELETE /networks/front')).toEqual(refusal(404, 'network front not found'));
  });
  test.each<[object, number, string]>([
    [{}, 400, 'invalid name: name is empty'],
    [{ Name: 'bridge' }, 403, 'operation is not permitted on predefined bridge network '],
    [{ Name: 'n', Scope: 'swarm' }, 403, 'cannot create a swarm scoped network when swarm is not active'],
    [
      { Name: 'n', IPAM: { Config: [{ Subnet: '10.0.0.0/24', Gateway: '10.0.1.1' }] } },
      400,
      "invalid network config:\ninvalid gateway 10.0.1.1: parent subnet 10.0.0.0/24 doesn't contain this address",
    ],
  ])('%j is refused', async (json, status, text) => {
    expect(await create(json)).toEqual(refusal(status, text));
  });
  test('a body that is none', async () => {
    const { status, body } = await ask(server.socket, 'POST /networks/create', {
      header: 'Content-Type: application/json',
      body: '{"Name":5}',
    });
    expect([status, JSON.parse(body)]).toEqual([
      400,
      { message: expect.stringContaining('cannot unmarshal number into Go struct field CreateRequest.Name') },
    ]);
  });
  test('predefined networks stay', async () => {
    expect(await send('DELETE /networks/bridge')).toEqual(
      refusal(403, 'bridge is a pre-defined network and cannot be removed'),
    );
  });
});

describe('connect and disconnect', () => {
  let id = '';
  beforeAll(async () => {
    await create({ Name: 'mid', IPAM: { Config: [{ Subnet: '10.9.0.0/16', Gateway: '10.9.0.1' }] } });
    const { body } = await send('POST /containers/create?name=web', { Image: 'busybox' });
    id = (body as { Id: string }).Id;
  });
  const connect = (network: string, json: object) => send(`POST /networks/${network}/connect`, json);

  test('200; the container is on it, the network is in use', async () => {
    const IPAMConfig = { IPv4Address: '10.9.0.7' };
    const EndpointConfig = { Aliases: ['w'], IPAMConfig, GwPriority: 2 };
    expect(await connect('mid', { Container: 'web', EndpointConfig })).toEqual({ status: 200, body: null });
    const { body } = await send('GET /containers/web/json');
    expect(body).toMatchObject({
      NetworkSettings: {
        Networks: { mid: { Aliases: ['w'], IPAMConfig, GwPriority: 2, NetworkID: await idOf('mid') } },
      },
    });
    const network = (await send('GET /v1.51/networks/mid')).body as Network;
    expect(Object.keys(network.Containers ?? {})).toEqual([id]);
    expect(network.Containers?.[id]).toMatchObject({ Name: 'web', IPv4Address: '10.9.0.7/16' });
    expect(await send('DELETE /networks/mid')).toMatchObject({ status: 403 });
  });
  test('how full it is, since 1.52, and only in inspect', async () => {
    const Subnets = { '10.9.0.0/16': { IPsInUse: 4, DynamicIPsAvailable: 65532 } };
    expect((await send('GET /networks/mid')).body).toMatchObject({ Status: { IPAM: { Subnets } } });
    expect((await send('GET /v1.51/networks/mid')).body).not.toHaveProperty('Status');
    const list = (await send('GET /networks')).body as Network[];
    expect(list.some((network) => 'Status' in network || 'Containers' in network)).toBe(false);
  });
  test('lists had the field, empty, until 1.51; before 1.28 with what inspect has', async () => {
    const members = async (version: string) => {
      const list = (await send(`GET /v${version}/networks`)).body as Network[];
      return Object.keys(list.find(({ Name }) => Name === 'mid')?.Containers ?? { missing: 0 });
    };
    expect([await members('1.27'), await members('1.28'), await members('1.51')]).toEqual([[id], [], []]);
  });
  test.each<[object, number, string]>([
    [{ Container: 'nope' }, 404, 'No such container: nope'],
    [
      { Container: 'web', EndpointConfig: { IPAMConfig: { IPv4Address: 'x', IPv6Address: 'y' } } },
      400,
      'invalid endpoint settings:\n* invalid IPv4 address: x\n* invalid IPv6 address: y',
    ],
  ])('%j is refused', async (json, status, text) => {
    expect(await connect('mid', json)).toEqual(refusal(status, text));
  });
  test('a network that is not there', async () => {
    expect(await connect('nope', { Container: 'web' })).toEqual(refusal(404, 'network nope not found'));
  });
  test('disconnect', async () => {
    const leave = () => send('POST /networks/mid/disconnect', { Container: 'web', Force: true });
    expect(await leave()).toEqual({ status: 200, body: null });
    expect(server.containers.calls).toContain('disconnect true');
    expect(await leave()).toEqual(refusal(500, `container ${id} is not connected to network mid`));
    expect(await send('DELETE /networks/mid')).toMatchObject({ status: 204 });
  });
});

describe('inspect', () => {
  test('by id, by its beginning, in a scope', async () => {
    const id = await idOf('bridge');
    for (const ref of ['bridge', id, id.slice(0, 8), `${id}?verbose=true`, 'bridge?scope=local&verbose=0'])
      expect(await send(`GET /networks/${ref}`)).toMatchObject({ status: 200, body: { Name: 'bridge' } });
    expect(await send('GET /networks/bridge?scope=swarm')).toEqual(refusal(404, 'network bridge not found'));
    expect(await send('GET /networks/bridge?verbose=maybe')).toEqual(
      refusal(400, 'invalid value for verbose: maybe: strconv.ParseBool: parsing "maybe": invalid syntax'),
    );
  });
});

describe('list, prune, repair', () => {
  const names = async (filters: object) =>
    ((await send(`GET /networks?filters=${filtered(filters)}`)).body as Network[]).map(({ Name }) => Name);

  test('filters', async () => {
    await create({ Name: 'old', Labels: { keep: '' } });
    await create({ Name: 'new' });
    expect(await names({ dangling: ['true'] })).toEqual(['old', 'new']);
    expect(await names({ type: { builtin: true } })).toEqual(['bridge']);
    expect(await names({ label: ['keep'], driver: ['bridge'] })).toEqual(['old']);
    expect(await send(`GET /networks?filters=${filtered({ foo: ['x'] })}`)).toEqual(
      refusal(400, "invalid filter 'foo'"),
    );
  });
  test('prune', async () => {
    const prune = (filters: object) => send(`POST /networks/prune?filters=${filtered(filters)}`);
    expect(await prune({ until: ['1h'] })).toEqual({ status: 200, body: { NetworksDeleted: null } });
    expect(await prune({ until: ['x'] })).toEqual(
      refusal(400, 'failed to parse value as time or duration: "x"'),
    );
    expect(await prune({ dangling: ['true'] })).toEqual(refusal(400, "invalid filter 'dangling'"));
    expect(await prune({ 'label!': ['keep'] })).toEqual({
      status: 200,
      body: { NetworksDeleted: ['new'] },
    });
    expect(await prune({})).toEqual({ status: 200, body: { NetworksDeleted: ['old'] } });
  });
  test('repair tells what had to be mended', async () => {
    server.networks.broken = ['network front: the bridge br-1 was missing'];
    expect(await send('POST /networks/repair')).toEqual({
      status: 200,
      body: { Repaired: ['network front: the bridge br-1 was missing'] },
    });
    expect(await send('POST /networks/repair')).toEqual({ status: 200, body: { Repaired: [] } });
  });
});

test('update: ports are published and taken away', async () => {
  await send('POST /containers/create?name=ports', { Image: 'busybox' });
  const json = {
    PublishAdd: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    PublishRemove: [{ Port: '81/udp', HostPort: '8081' }],
  };
  expect(await send('POST /containers/ports/update', json)).toEqual({ status: 200, body: { Warnings: [] } });
  const publish = {
    add: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
    remove: [{ port: '81/udp', hostIp: '', hostPort: '8081' }],
  };
  expect(server.containers.calls.at(-1)).toBe(`update ${JSON.stringify({ publish })}`);
});
