import { expect, test } from 'bun:test';
import { expandMount, readMount } from './mount.ts';

const mount = (text: string) => expandMount(readMount(text), (word) => word.replace('$x', 'X'));
const noFile = { mode: null, uid: null, gid: null };

test('every type with its defaults', () => {
  expect(mount('target=/a')).toEqual({ type: 'bind', target: '/a', source: '', from: null, readOnly: true });
  expect(mount('type=bind,src=b,dst=/a,from=c,rw')).toEqual({
    type: 'bind',
    target: '/a',
    source: 'b',
    from: 'c',
    readOnly: false,
  });
  expect(mount('type=cache,target=/a/')).toEqual({
    type: 'cache',
    target: '/a/',
    id: '/a',
    sharing: 'shared',
    from: null,
    source: '',
    readOnly: false,
    ...noFile,
  });
  expect(mount('type=tmpfs,destination=/t,size=64m')).toEqual({
    type: 'tmpfs',
    target: '/t',
    size: 64 << 20,
  });
  expect(mount('type=secret,id=a')).toEqual({
    type: 'secret',
    id: 'a',
    target: '/run/secrets/a',
    env: null,
    required: false,
    ...noFile,
  });
  expect(mount('type=ssh')).toEqual({ type: 'ssh', id: 'default', target: null, required: false, ...noFile });
});

test('options', () => {
  expect(
    mount('type=CACHE,id=i,target=t,sharing=Locked,mode=0750,uid=1,gid=2,ro=true,source=s,from=f'),
  ).toMatchObject({
    id: 'i',
    sharing: 'locked',
    mode: 0o750,
    uid: 1,
    gid: 2,
    readOnly: true,
    source: 's',
    from: 'f',
  });
  expect(mount('type=secret,target=/x/y')).toMatchObject({ id: 'y', target: '/x/y' });
  expect(mount('type=secret,src=a/b,required')).toMatchObject({
    id: 'a/b',
    target: '/run/secrets/b',
    required: true,
  });
  expect(mount('type=secret,id=a,env=A')).toMatchObject({ target: null, env: 'A' });
  expect(mount('type=secret,id=a,env=A,target=/a')).toMatchObject({ target: '/a', env: 'A' });
  expect(mount('"target=a,b"')).toMatchObject({ target: 'a,b' });
  expect(mount('type=cache,target=/$x')).toMatchObject({ target: '/X', id: '/X' });
});

test('refusals, with the texts of BuildKit', () => {
  const cases: Record<string, string> = {
    'type=foo': 'unsupported mount type "foo"',
    'type=cach': 'unsupported mount type "cach" (did you mean cache?)',
    'type=cache,sharing=x': 'unsupported sharing value "x"',
    'sharing=locked': 'invalid cache sharing set for bind mount',
    'foo=bar': "unexpected key 'foo' in 'foo=bar'",
    'tagret=/a': "unexpected key 'tagret' in 'tagret=/a' (did you mean target?)",
    'constructor=/a': "unexpected key 'constructor' in 'constructor=/a'",
    target: "invalid field 'target' must be a key=value pair",
    'type=bind,': "invalid field '' must be a key=value pair",
    required: "unexpected key 'required' for mount type 'bind'",
    'type=cache,size=1': "unexpected key 'size' for mount type 'cache'",
    'type=ssh,env=a': "unexpected key 'env' for mount type 'ssh'",
    'ro=maybe': 'invalid value for ro: maybe',
    'type=tmpfs,size=x': 'invalid value for size: x',
    'type=cache,mode=9': 'invalid value 9 for mode',
    'type=cache,uid=-1': 'invalid value -1 for uid',
    'mode=7': 'mode not allowed for "bind" type mounts',
    'type=tmpfs,gid=1': 'gid not allowed for "tmpfs" type mounts',
    'type=secret': 'invalid secret mount. one of source, target required',
    'type=secret,id=a,src=b': "both source and id can't be set",
    'type=secret,id=a,from=b': 'secret mount should not have a from',
    'type=ssh,source=a': 'ssh does not support source',
    '': 'failed to parse csv mounts: EOF',
    'a"b': 'failed to parse csv mounts: parse error on line 1, column 2: bare " in non-quoted field',
    '"a': 'failed to parse csv mounts',
  };
  for (const [text, message] of Object.entries(cases)) expect(() => mount(text), text).toThrow(message);
});

test('from is read at once and has no variables', () => {
  expect(readMount('type=$x,from=a')).toEqual({ fields: ['type=$x', 'from=a'], from: 'a' });
  expect(() => readMount('from=$x')).toThrow(
    "'from' doesn't support variable expansion, define alias stage instead",
  );
});
