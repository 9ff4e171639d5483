/** A volume plugin of Docker's protocol, as a program: plugin-program.ts SOCKET STORE. Volumes are directories of STORE; every call is a line on stdout. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [socket = '', store = ''] = process.argv.slice(2);
const mounted = new Map<string, Set<string>>();
mkdirSync(store, { recursive: true });

interface Request {
  Name?: string;
  ID?: string;
  Opts?: Record<string, string>;
}

const pathOf = (name: string) => join(store, name);
const usersOf = (name: string) => mounted.get(name) ?? new Set<string>();

function described(name: string) {
  const Mountpoint = usersOf(name).size > 0 ? pathOf(name) : '';
  return { Name: name, Mountpoint, CreatedAt: '2020-02-02T02:02:02Z', Status: { users: usersOf(name).size } };
}

function missing(name: string): { Err: string } | null {
  return existsSync(pathOf(name)) ? null : { Err: `the store has no ${name}` };
}

const methods: Record<string, (request: Request) => object> = {
  'Plugin.Activate': () => ({ Implements: ['VolumeDriver'] }),
  'VolumeDriver.Capabilities': () => ({ Capabilities: { Scope: 'global' } }),
  'VolumeDriver.Create': ({ Name = '', Opts }) => {
    if (Opts?.refuse !== undefined) return { Err: `refused: ${Opts.refuse}` };
    mkdirSync(pathOf(Name));
    return {};
  },
  'VolumeDriver.Remove': ({ Name = '' }) => {
    if (usersOf(Name).size > 0) return { Err: `${Name} is mounted` };
    rmSync(pathOf(Name), { recursive: true, force: true });
    return {};
  },
  'VolumeDriver.Mount': ({ Name = '', ID = '' }) => {
    mounted.set(Name, usersOf(Name).add(ID));
    return missing(Name) ?? { Mountpoint: pathOf(Name) };
  },
  'VolumeDriver.Unmount': ({ Name = '', ID = '' }) => {
    usersOf(Name).delete(ID);
    return missing(Name) ?? {};
  },
  'VolumeDriver.Path': ({ Name = '' }) => missing(Name) ?? { Mountpoint: described(Name).Mountpoint },
  'VolumeDriver.Get': ({ Name = '' }) => missing(Name) ?? { Volume: described(Name) },
  'VolumeDriver.List': () => ({ Volumes: readdirSync(store).map(described) }),
};

Bun.serve({
  unix: socket,
  development: false,
  async fetch(request) {
    // Docker's client names a host that makes no URL.
    const method = request.url.slice(request.url.lastIndexOf('/') + 1);
    const body = await request.text();
    console.log(`${method} ${body}`.trim());
    const answer = methods[method]?.(body === '' ? {} : JSON.parse(body));
    if (answer === undefined) return new Response(`no method ${method}`, { status: 404 });
    return Response.json(answer, { status: 'Err' in answer ? 500 : 200 });
  },
});
console.log('ready');
