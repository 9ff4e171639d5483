/** `cp` in every form and both directions: what happens and what is said. */
import { expect } from 'bun:test';
import { isGantry } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';
import { removed, Workbench } from './cp.rig.ts';

const { each } = suite();

const prepare = `mkdir -p /d/e; echo hi >/d/e/f; chmod 4755 /d/e/f; ln -s e /d/le; ln -s /d/e/f /d/lf; ln -s nowhere/x /d/broken; ln /d/e/f /d/hard
  mkfifo /d/fifo; mkdir /out /ctd; ln -s ../../../etc/passwd /out/esc; echo t >/t; ln -s /t /tl; ln -s ctd /ctdl; ln -s /nodir/x /tb; chown 5:6 /t`;

/** A running container `name` with files, and files beside it on the host. */
async function bench(
  cli: 'docker' | 'gantry',
  engine: Workbench['engine'],
  name: string,
): Promise<Workbench> {
  const work = new Workbench(engine, cli);
  await engine.ok('docker', 'run', '-d', '--name', name, '-u', 'nobody', 'busybox', 'sleep', '1000');
  await work.inside(name, prepare);
  await work.sh(
    `echo host >hf; mkdir -p hd/sub; echo a >hd/a; echo b >hd/sub/b; ln -s a hd/l; ln -s hd hdl; ln -s hf hfl; ln -s none hb; echo x >c:x; mknod dev c 1 3`,
  );
  return work;
}

each('a file out of a container', async (cli, engine) => {
  const work = await bench(cli, engine, `fo-${cli}`);
  const at = (path: string) => `fo-${cli}:${path}`;
  const content = async (path: string) => work.sh(`cat ${path}; rm ${path}`);
  expect(await work.cp(at('/d/e/f'), '.')).toBe('');
  expect(await work.tree('f')).toBe('f -rwsr-xr-x 0:0');
  expect(await content('f')).toBe('hi');
  for (const [to, made] of [
    ['new', 'new'],
    ['hd/', 'hd/f'],
    ['hd', 'hd/f'],
    ['hdl', 'hd/f'],
    ['hb', 'none'],
  ] as const) {
    expect(await work.cp(at('d/e/f'), to)).toBe('');
    expect(await content(made)).toBe('hi');
  }
  expect(await work.cp(at('/t'), 'hfl')).toBe('');
  expect(await work.sh('cat hf; readlink hfl')).toBe('t\nhf');
  expect(await work.tree('hf')).toBe('hf -rw-r--r-- 0:0');
  expect(await work.cp('-L', at('/d/lf'), 'zz')).toBe('');
  expect(await content('zz')).toBe('hi');
  expect(await work.cp(at('/d/lf'), '.')).toBe('');
  expect(await work.sh('readlink lf')).toBe('/d/e/f');
  expect(await work.cp('-L', at('/d/e/../lf'), 'hd')).toBe('');
  expect(await content('hd/lf')).toBe('hi');
  await removed(engine, `fo-${cli}`);
});

each('directories out of a container', async (cli, engine) => {
  const work = await bench(cli, engine, `do-${cli}`);
  const at = (path: string) => `do-${cli}:${path}`;
  const names = async (path: string) => work.sh(`find ${path} | sort | tr '\\n' ' '; rm -r ${path}`);
  const inside = 'X/broken X/e X/e/f X/fifo X/hard X/le X/lf';
  const tree = (path: string) => `${path} ${inside.replaceAll('X', path)}`;
  for (const [from, to, made] of [
    ['/d', '.', 'd'],
    ['/d/.', 'newd', 'newd'],
    ['/d', 'newd', 'newd'],
    ['/d', 'newd/', 'newd'],
    ['/d/', '.', 'd'],
    ['/d/e/..', '.', 'd'],
  ] as const) {
    expect(await work.cp(at(from), to)).toBe('');
    expect(await names(made)).toBe(tree(made));
  }
  expect(await work.cp(at('/d/.'), 'hd')).toBe('');
  expect(await names('hd')).toBe(
    'hd hd/a hd/broken hd/e hd/e/f hd/fifo hd/hard hd/l hd/le hd/lf hd/sub hd/sub/b',
  );
  expect(await work.cp(at('/d'), 'kept')).toBe('');
  expect(await work.sh('stat -c %h kept/hard; [ kept/hard -ef kept/e/f ]; stat -c %F kept/fifo')).toBe(
    '2\nfifo',
  );
  expect(await work.cp(at('/d/le'), '.')).toBe('');
  expect(await work.sh('readlink le; rm le')).toBe('e');
  for (const options of [[at('/d/le/')], ['-L', at('/d/le')]]) {
    expect(await work.cp(...options, '.')).toBe('');
    expect(await names('le')).toBe('le le/f');
  }
  await removed(engine, `do-${cli}`);
});

each('what cannot be copied out', async (cli, engine) => {
  const work = await bench(cli, engine, `xo-${cli}`);
  const c = `xo-${cli}`;
  const missing = (path: string) =>
    `Error response from daemon: Could not find the file ${path} in container ${c} [1]`;
  expect(await work.cp('nope:/a', 'x')).toBe('Error response from daemon: No such container: nope [1]');
  expect(await work.cp(`${c}:/nope`, '.')).toBe(missing('/nope'));
  expect(await work.cp(`${c}:nope`, '.')).toBe(missing('nope'));
  expect(await work.cp('-L', `${c}:/d/broken`, '.')).toBe(missing('/d/nowhere/x'));
  expect(await work.cp(`${c}:/proc/version`, '.')).toBe(missing('/proc/version'));
  expect(await work.cp(`${c}:/sys/kernel`, '.')).toBe(missing('/sys/kernel'));
  expect(await work.cp(`${c}:/dev/null`, '.')).toBe(missing('/dev/null'));
  expect(await work.cp(`${c}:`, '.')).toBe(
    'Error response from daemon: bad parameter: pathcannot be empty [1]',
  );
  expect(await work.cp(`${c}:/t/`, '.')).toMatch(
    /^Error response from daemon: lstat .*\/t\/: not a directory \[1\]$/,
  );
  expect(await work.cp(`${c}:/t`, 'nod/')).toBe('no such directory [1]');
  expect(await work.cp(`${c}:/t`, 'no/such')).toBe(
    'invalid output path: directory "DIR/no" does not exist [1]',
  );
  expect(await work.cp(`${c}:/t`, 'dev')).toBe(
    'invalid output path: "DIR/dev" must be a directory or a regular file: got a device [1]',
  );
  expect(await work.cp(`${c}:/d`, 'hf')).toBe('cannot copy directory [1]');
  expect(await work.cp(`${c}:/out`, '.')).toBe('invalid symlink "DIR/out/esc" -> "../../../etc/passwd" [1]');
  await work.sh('mkdir -p x/t; touch x/d');
  expect(await work.cp(`${c}:/t`, 'x')).toBe(
    'cannot overwrite directory "DIR/x/t" with non-directory "DIR/x" [1]',
  );
  expect(await work.cp(`${c}:/d`, 'x')).toBe(
    'cannot overwrite non-directory "DIR/x/d" with directory "DIR/x" [1]',
  );
  expect(await work.sh('ls; ls x')).toBe('c:x\ndev\nhb\nhd\nhdl\nhf\nhfl\nout\nx\nd\nt');
  await removed(engine, c);
});

each('arguments', async (cli, engine) => {
  const work = await bench(cli, engine, `ar-${cli}`);
  const c = `ar-${cli}`;
  expect(await work.cp('a', 'b')).toBe('must specify at least one container source [1]');
  expect(await work.cp('a:x', 'b:y')).toBe('copying between containers is not supported [1]');
  expect(await work.cp('', 'b')).toBe('source can not be empty [1]');
  expect(await work.cp('a', '')).toBe('destination can not be empty [1]');
  expect(await work.cp('a')).toContain(
    `${cli}: '${cli} cp' requires 2 arguments\n\nUsage:  ${cli} cp [OPTIONS]`,
  );
  expect(await work.cp('hf', 'nope:/')).toBe('no such directory [1]');
  expect(await work.cp('./c:x', `${c}:/`)).toBe('');
  expect(await work.inside(c, 'cat /c:x')).toBe('x');
  await removed(engine, c);
});

each('a file into a container', async (cli, engine) => {
  const work = await bench(cli, engine, `fi-${cli}`);
  const c = `fi-${cli}`;
  await work.sh('chown 1234:4321 hf; chmod 640 hf');
  for (const [to, made] of [
    ['/', '/hf'],
    ['/new', '/new'],
    ['/d/e/f', '/d/e/f'],
    ['/tl', '/t'],
    ['/ctdl', '/ctd/hf'],
    ['d', '/d/hf'],
    ['d/../ctd/', '/ctd/hf'],
  ] as const) {
    expect(await work.cp('hf', `${c}:${to}`)).toBe('');
    expect(await work.treeInside(c, made)).toBe(`${made} -rw-r----- 1234:4321`);
    expect(await work.inside(c, `cat ${made}; rm ${made}`)).toBe('host');
  }
  expect(await work.cp('hfl', `${c}:/`)).toBe('');
  expect(await work.inside(c, 'readlink /hfl')).toBe('hf');
  expect(await work.cp('-L', 'hfl', `${c}:/d`)).toBe('');
  expect(await work.inside(c, 'cat /d/hfl')).toBe('host');
  expect(await work.cp('-a', 'hf', `${c}:/`)).toBe('');
  expect(await work.treeInside(c, '/hf')).toBe('/hf -rw-r----- 65534:65534');
  await removed(engine, c);
});

each('directories into a container', async (cli, engine) => {
  const work = await bench(cli, engine, `di-${cli}`);
  const c = `di-${cli}`;
  const names = (path: string) => work.inside(c, `find ${path} | sort | tr '\\n' ' '`);
  const tree = (path: string) => 'X X/a X/l X/sub X/sub/b'.replaceAll('X', path);
  const copied = async (from: string, to: string, made: string, expected: string) => {
    expect(await work.cp(from, `${c}:${to}`)).toBe('');
    expect(await names(made)).toBe(expected);
  };
  await copied('hd', '/', '/hd', tree('/hd'));
  await copied('hd', '/newd', '/newd', tree('/newd'));
  await copied('hd', '/newd', '/newd', `/newd /newd/a ${tree('/newd/hd')} /newd/l /newd/sub /newd/sub/b`);
  await copied('hd/.', '/dot', '/dot', tree('/dot'));
  await copied('hd/.', '/dot', '/dot', tree('/dot'));
  await copied('hd/', '/slash/', '/slash', tree('/slash'));
  await copied('hdl', '/', '/hdl', '/hdl');
  expect(await work.inside(c, 'rm /hdl')).toBe('');
  await copied('hdl/', '/', '/hdl', tree('/hdl'));
  expect(await work.cp('-L', 'hdl', `${c}:/ctd`)).toBe('');
  expect(await names('/ctd/hdl')).toBe(tree('/ctd/hdl'));
  await removed(engine, c);
});

each('what cannot be copied in', async (cli, engine) => {
  const work = await bench(cli, engine, `xi-${cli}`);
  const c = `xi-${cli}`;
  const missing = (path: string) =>
    `Error response from daemon: Could not find the file ${path} in container ${c} [1]`;
  expect(await work.cp('hf', `${c}:/new/`)).toBe('no such directory [1]');
  expect(await work.cp('hf', `${c}:`)).toBe('no such directory [1]');
  expect(await work.cp('hf', `${c}:/no/such`)).toBe(missing('/no'));
  expect(await work.cp('hf', `${c}:/tb`)).toBe(missing('/nodir'));
  expect(await work.cp('hd', `${c}:/no/such`)).toBe(missing('/no'));
  expect(await work.cp('hd', `${c}:/t`)).toBe('cannot copy directory [1]');
  expect(await work.cp('none', `${c}:/`)).toBe('lstat DIR/none: no such file or directory [1]');
  expect(await work.cp('-L', 'hb', `${c}:/`)).toBe('lstat DIR/none: no such file or directory [1]');
  expect(await work.cp('hf/', `${c}:/`)).toBe('not a directory [1]');
  expect(await work.cp('hf/.', `${c}:/`)).toBe('not a directory [1]');
  expect(await work.cp('hf', `${c}:/etc/hosts`)).toBe(
    'Error response from daemon: unlinkat /etc/hosts: device or resource busy [1]',
  );
  await work.inside(c, 'mkdir -p /m/hf; touch /m/hd');
  expect(await work.cp('hf', `${c}:/m`)).toBe(
    'Error response from daemon: cannot overwrite directory "/m/hf" with non-directory "/m" [1]',
  );
  expect(await work.cp('hd', `${c}:/m`)).toBe(
    'Error response from daemon: cannot overwrite non-directory "/m/hd" with directory "/m" [1]',
  );
  await removed(engine, c);
});

each('streams', async (cli, engine) => {
  const work = await bench(cli, engine, `st-${cli}`);
  const c = `st-${cli}`;
  const argv = (...args: string[]) => engine.argv(cli, ['cp', ...args]).join(' ');
  await work.sh('tar cf t.tar hf hd; gzip -k t.tar; bzip2 -k t.tar; xz -k t.tar');
  for (const kind of ['tar', 'tar.gz', 'tar.bz2', 'tar.xz']) {
    expect(await work.sh(`${argv('-', `${c}:/ctd`)} <t.${kind}`)).toBe('');
    expect(await work.inside(c, 'cd /ctd; cat hf hd/sub/b; rm -r hf hd')).toBe('host\nb');
  }
  expect(await work.sh(`${argv('-', `${c}:/t`)} <t.tar 2>&1 || true`)).toBe(
    `destination "${c}:/t" must be a directory`,
  );
  expect(await work.sh(`echo rubbish | ${argv('-', `${c}:/`)} 2>&1 || true`)).toContain('unexpected EOF');
  const listed = (path: string) =>
    work.sh(
      `${argv(`${c}:${path}`, '-')} | tar tvP --numeric-owner | awk '{print $1, $2, $6, $7, $8, $9, $10}'`,
    );
  expect(await listed('/d/e')).toBe('drwxr-xr-x 0/0 e/    \n-rwsr-xr-x 0/0 e/f');
  expect(await listed('/d/e/.')).toBe('drwxr-xr-x 0/0 ./    \n-rwsr-xr-x 0/0 ./f');
  expect(await listed('/t')).toBe('-rw-r--r-- 5/6 t');
  expect(await listed('/d')).toContain('hrwsr-xr-x 0/0 d/hard link to d/e/f');
  expect(await work.sh(`${argv(`${c}:/`, '-')} | tar tP | head -1 || true`)).toBe('/');
  await removed(engine, c);
});

each('on a terminal it says how much it was', async (cli, engine) => {
  const work = await bench(cli, engine, `tt-${cli}`);
  const c = `tt-${cli}`;
  const typed = async (...args: string[]) =>
    (
      await work.sh(`script -qec "${engine.argv(cli, ['cp', ...args]).join(' ')}" /dev/null </dev/null`)
    ).replace(/\r/g, '');
  expect(await typed(`${c}:/t`, `${work.path}/y`)).toEndWith(`Successfully copied 2.05kB to ${work.path}/y`);
  expect(await typed(`${work.path}/hf`, `${c}:/y`)).toEndWith(`Successfully copied 2.05kB to ${c}:/y`);
  expect(await typed('-q', `${c}:/t`, `${work.path}/y`)).toBe('');
  if (isGantry && cli === 'gantry')
    expect(await typed(`${c}:/t`, `${work.path}/y`)).toContain('Copying from container - ');
  await removed(engine, c);
});
