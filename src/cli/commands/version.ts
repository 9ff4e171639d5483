import type { SystemVersion } from '../../api/types/system.ts';
import { messageOf } from '../../lib/errors.ts';
import { type Command, noArguments } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { shortTemplateFlag } from '../flags/common.ts';
import type { Client } from '../http/client.ts';
import { clientApiVersion, clientVersion, programName } from '../program.ts';
import { writeLine, writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [shortTemplateFlag],
  async run({ flags, client }) {
    const server = await serverVersion(client);
    const info = { Client: clientInfo(client), Server: 'error' in server ? null : server.version };
    const format = flags.string('format');
    if (format === '') writeOut(clientText(info.Client) + (info.Server ? serverText(info.Server) : ''));
    else if (format === 'json') writeLine(JSON.stringify(info));
    else if (info.Server || !format.includes('.Server')) writeLine(await templated(format, info));
    else writeLine('');
    if ('error' in server) throw new ExitError(server.error);
    return exitCode.success;
  },
};

async function serverVersion(client: Client): Promise<{ version: SystemVersion } | { error: string }> {
  try {
    return { version: await client.json<SystemVersion>('GET', '/version') };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

interface ClientInfo {
  Version: string;
  ApiVersion: string;
  DefaultAPIVersion: string;
  BunVersion: string;
  Os: string;
  Arch: string;
  Context: string;
}

function clientInfo(client: Client): ClientInfo {
  return {
    Version: clientVersion,
    ApiVersion: client.apiVersion,
    DefaultAPIVersion: clientApiVersion,
    BunVersion: Bun.version,
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    Context: 'default',
  };
}

async function templated(format: string, info: object): Promise<string> {
  const { compile, render } = await import('../template/template.ts');
  const { lookupField } = await import('../format/zero-values.ts');
  return render(compile(format), info, { lookup: lookupField, missing: 'error' });
}

const row = (indent: string, name: string, value: string) =>
  `${indent}${`${name}:`.padEnd(19 - indent.length + 1)}${value}\n`;

function clientText(client: ClientInfo): string {
  return (
    `Client: ${programName}\n` +
    row(' ', 'Version', client.Version) +
    row(' ', 'API version', client.ApiVersion) +
    row(' ', 'Bun version', client.BunVersion) +
    row(' ', 'OS/Arch', `${client.Os}/${client.Arch}`) +
    row(' ', 'Context', client.Context)
  );
}

function serverText(server: SystemVersion): string {
  const platform = server.Platform?.Name ? ` ${server.Platform.Name}` : '';
  const parts = (server.Components ?? []).map(({ Name, Version, Details }) => {
    const rows = Name === 'Engine' ? engineRows(Details) : Object.entries(Details ?? {}).sort();
    return ` ${Name}:\n${row('  ', 'Version', Version)}${rows.map(([name, value]) => row('  ', name, value)).join('')}`;
  });
  return `\nServer:${platform}\n${parts.join('')}`;
}

function engineRows(details: Record<string, string>): [string, string][] {
  return [
    ['API version', `${details.ApiVersion ?? ''} (minimum version ${details.MinAPIVersion ?? ''})`],
    ['Go version', details.GoVersion ?? ''],
    ['Git commit', details.GitCommit ?? ''],
    ['Built', buildTime(details.BuildTime ?? '')],
    ['OS/Arch', `${details.Os ?? ''}/${details.Arch ?? ''}`],
    ['Experimental', details.Experimental ?? 'false'],
  ];
}

/** Go's time.ANSIC: `Thu Jan  1 00:00:00 2026`. */
function buildTime(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const [weekday = '', day = '', month = '', year = '', time = ''] = date
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}
