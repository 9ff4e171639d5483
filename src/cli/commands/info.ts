import type { SystemInfo } from '../../api/types/system.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import { binarySize } from '../format/units.ts';
import { clientVersion, programName } from '../program.ts';
import { writeErr, writeLine, writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [shortTemplateFlag],
  async run({ flags, client }) {
    const info = await client.json<SystemInfo>('GET', '/info');
    const format = flags.string('format');
    const whole = {
      ...info,
      ClientInfo: { Debug: false, Version: clientVersion, Context: 'default', Plugins: [], Warnings: null },
    };
    if (format === 'json') writeLine(JSON.stringify(whole));
    else if (format !== '') {
      const { compile, render } = await import('../template/template.ts');
      const { lookupField } = await import('../format/zero-values.ts');
      writeLine(render(compile(format), whole, { lookup: lookupField, missing: 'error' }));
    } else {
      writeOut(clientText() + infoText(info));
      for (const warning of info.Warnings ?? []) writeErr(`${warning}\n`);
    }
    return exitCode.success;
  },
};

function clientText(): string {
  return `Client: ${programName}\n Version:    ${clientVersion}\n Context:    default\n Debug Mode: false\n\nServer:\n`;
}

function infoText(info: SystemInfo): string {
  const lines = [...counts(info), ...plugins(info), ...runtimes(info), ...host(info), ...rest(info)];
  return `${lines.join('\n')}\n\n`;
}

function counts(info: SystemInfo): string[] {
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ...named(' Server Version', info.ServerVersion),
    ...named(' Storage Driver', info.Driver),
    ...(info.DriverStatus ?? []).map(([name, value]) => `  ${name}: ${value}`),
    ...named(' Logging Driver', info.LoggingDriver),
    ...named(' Cgroup Driver', info.CgroupDriver),
    ...named(' Cgroup Version', info.CgroupVersion),
  ];
}

function plugins({ Plugins: found }: SystemInfo): string[] {
  const line = (name: string, values: readonly string[] | null) => `  ${name}: ${(values ?? []).join(' ')}`;
  const lines = [' Plugins:', line('Volume', found?.Volume ?? []), line('Network', found?.Network ?? [])];
  if (found?.Authorization?.length) lines.push(line('Authorization', found.Authorization));
  return [...lines, line('Log', found?.Log ?? [])];
}

function runtimes(info: SystemInfo): string[] {
  const lines = [` Swarm: ${info.Swarm?.LocalNodeState ?? 'inactive'}`];
  const names = Object.keys(info.Runtimes ?? {});
  if (names.length > 0)
    lines.push(` Runtimes: ${names.sort().join(' ')}`, ` Default Runtime: ${info.DefaultRuntime}`);
  lines.push(` Init Binary: ${info.InitBinary}`);
  lines.push(...named(' containerd version', info.ContainerdCommit?.ID));
  lines.push(...named(' runc version', info.RuncCommit?.ID), ...named(' init version', info.InitCommit?.ID));
  return lines.concat(security(info.SecurityOptions ?? []));
}

/** `name=seccomp,profile=builtin` becomes `seccomp` with `Profile: builtin` below it. */
function security(options: readonly string[]): string[] {
  if (options.length === 0) return [];
  const lines = [' Security Options:'];
  for (const option of options) {
    const [[, name = ''] = [], ...details] = option.split(',').map((pair) => pair.split('='));
    lines.push(`  ${name}`);
    for (const [key = '', value = ''] of details)
      lines.push(`   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${value}`);
  }
  return lines;
}

function host(info: SystemInfo): string[] {
  return [
    ...named(' Kernel Version', info.KernelVersion),
    ...named(' Operating System', info.OperatingSystem),
    ...named(' OSType', info.OSType),
    ...named(' Architecture', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ...named(' Name', info.Name),
    ...named(' ID', info.ID),
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
    ...named(' HTTP Proxy', info.HttpProxy),
    ...named(' HTTPS Proxy', info.HttpsProxy),
    ...named(' No Proxy', info.NoProxy),
  ];
}

function rest(info: SystemInfo): string[] {
  const labels = info.Labels ?? [];
  const ranges = info.RegistryConfig?.InsecureRegistryCIDRs ?? [];
  const hosts = Object.entries(info.RegistryConfig?.IndexConfigs ?? {}).filter(
    ([, config]) => !config.Secure,
  );
  const insecure = [...hosts.map(([name]) => name), ...ranges];
  return [
    ...(labels.length > 0 ? [' Labels:', ...labels.map((label) => `  ${label}`)] : []),
    ` Experimental: ${info.ExperimentalBuild}`,
    ...(insecure.length > 0 ? [' Insecure Registries:', ...insecure.map((entry) => `  ${entry}`)] : []),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
  ];
}

function named(name: string, value: string | undefined): string[] {
  return value ? [`${name}: ${value}`] : [];
}
