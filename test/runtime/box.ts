/** Containers made of a Container record by the real spec, plan, cgroups and gantry-init, without daemon and shim. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testContainer } from '../../src/containers/container.test-data.ts';
import { gatherFacts } from '../../src/containers/facts.ts';
import type { Container, ContainerConfig, HostConfig } from '../../src/containers/model.ts';
import { buildSpec, cgroupsPath } from '../../src/containers/spec.ts';
import { newContainerId } from '../../src/lib/ids.ts';
import { encodeOperations, Writer } from '../../src/linux/encode.ts';
import { nativePath } from '../../src/linux/native.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { detectCgroups } from '../../src/runtime/cgroups/detect.ts';
import { startError } from '../../src/runtime/failure.ts';
import { planContainer } from '../../src/runtime/plan.ts';

export const cgroups = detectCgroups();

const applets =
  'sh cat ls echo id sleep mount grep head stat touch ps ip hostname sysctl dd env pwd kill'.split(' ');

/** A busybox root on disk, and the cgroups of what ran in it, until disposed. */
export class Box implements AsyncDisposable {
  readonly directory = mkdtempSync('/tmp/gantry-runtime-');
  readonly rootPath = join(this.directory, 'merged');
  readonly #paths = new Set<string>();

  constructor() {
    const image = join(this.directory, 'image');
    for (const name of ['image/bin', 'image/etc', 'image/root', 'image/tmp', 'upper', 'work', 'merged'])
      mkdirSync(join(this.directory, name), { recursive: true });
    copyFileSync('/bin/busybox', join(image, 'bin/busybox'));
    for (const applet of applets) symlinkSync('busybox', join(image, 'bin', applet));
    writeFileSync(
      join(image, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:100::/home/web:/bin/sh\n',
    );
    writeFileSync(join(image, 'etc/group'), 'root:x:0:\nusers:x:100:\n');
  }

  container(
    argv: string[],
    host: Partial<HostConfig> = {},
    config: Partial<ContainerConfig> = {},
  ): Container {
    const container = {
      ...testContainer(argv, { networkMode: 'none', ...host }, config),
      id: newContainerId(),
    };
    this.#paths.add(cgroupsPath(container));
    return container;
  }

  plan(container: Container): Operation[] {
    const facts = gatherFacts(container, {
      cgroups,
      rootPath: this.rootPath,
      joined: {},
      initPath: nativePath(),
    });
    return planContainer({
      spec: buildSpec(container, facts),
      root: {
        kind: 'mount',
        source: 'overlay',
        fstype: 'overlay',
        flags: 0,
        data: 'lowerdir=image,upperdir=upper,workdir=work',
        cwd: this.directory,
      },
      rootPath: this.rootPath,
      views: [],
      network: [],
      cgroups,
    });
  }

  /** Standard output of the program; throws Docker's text when it could not be started, or its exit code and errors. */
  async output(container: Container): Promise<string> {
    const operations = this.plan(container);
    const child = Bun.spawn([nativePath(), 'run'], {
      stdin: new Writer().bytes(encodeOperations(operations)).finish(),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes('"warning":true'));
    const report = lines.find((line) => line.startsWith('{"index"'));
    if (report) throw startError(operations, JSON.parse(report));
    if (code !== 0) throw new Error(`exit code ${code}: ${lines.join('\n')}`);
    return stdout.trimEnd();
  }

  sh(script: string, host: Partial<HostConfig> = {}, config: Partial<ContainerConfig> = {}): Promise<string> {
    return this.output(this.container(['sh', '-c', script], host, config));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#paths) await cgroups.remove(path);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
