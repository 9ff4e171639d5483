/** `--link`: names and variables of another container on the default bridge (moby daemon/links, legacy but widely used). */
import { conflict, invalid, messageOf } from '../lib/errors.ts';
import type { Context } from './context.ts';
import { isLegacy } from './endpoints.ts';
import type { Container, HostConfig } from './model.ts';
import { environment } from './spec-process.ts';
import { isAlive } from './state.ts';

export interface Link {
  child: Container;
  alias: string;
}

/** `name` or `name:alias`. */
function parseLink(text: string): { name: string; alias: string } {
  const [name = '', alias = name, ...rest] = text.replace(/^\//, '').split(':');
  if (name === '' || alias === '' || rest.length > 0) throw invalid(`bad format for links: ${text}`);
  return { name, alias: alias.slice(alias.lastIndexOf('/') + 1) };
}

/** Refuses links to nobody. For `create`. */
export function validateLinks(context: Pick<Context, 'store'>, { links }: HostConfig): void {
  for (const { name } of links.map(parseLink))
    try {
      context.store.find(name);
    } catch (error) {
      throw invalid(`could not get container for ${name}: ${messageOf(error)}`);
    }
}

/** On a network with names a link is one more name. */
export const hasLegacyLinks = ({ hostConfig: { links, networkMode } }: Container): boolean =>
  links.length > 0 && isLegacy(networkMode);

/** The containers that it links to. Throws Docker's text for one that does not run. */
function linksOf(context: Pick<Context, 'store'>, container: Container): Link[] {
  const { hostConfig, name } = container;
  return hostConfig.links.map(parseLink).map((link) => {
    const child = context.store.find(link.name);
    if (!isAlive(child.state))
      throw conflict(`Cannot link to a non running container: /${child.name} AS /${name}/${link.alias}`);
    return { child, alias: link.alias };
  });
}

/** By legacy links and by those of its endpoints. One that is gone or does not run is left out. */
export function liveLinks({ store }: Pick<Context, 'store'>, container: Container): Link[] {
  const links = [
    ...container.hostConfig.links,
    ...container.endpoints.flatMap(({ request }) => request.links),
  ];
  return links.map(parseLink).flatMap(({ name, alias }) => {
    const child = store.lookUp(name);
    return child && isAlive(child.state) ? [{ child, alias }] : [];
  });
}

const addressOf = ({ endpoints }: Container): string =>
  endpoints.find(({ networkName }) => networkName === 'bridge')?.ipAddress ?? '';

/** Lines of /etc/hosts. */
export function linkHosts(context: Pick<Context, 'store'>, container: Container): string[] {
  if (!hasLegacyLinks(container)) return [];
  return liveLinks(context, container).map(({ child, alias }) => {
    const names = new Set([alias, child.config.hostname, child.name]);
    return `${addressOf(child)}\t${[...names].join(' ')}`;
  });
}

/** The container with the links' variables below its own; the container itself when it has none. */
export function withLinkEnvironment(context: Pick<Context, 'store'>, container: Container): Container {
  if (!hasLegacyLinks(container)) return container;
  const variables = linksOf(context, container).flatMap((link) => linkVariables(link, container.name));
  return { ...container, config: { ...container.config, env: [...variables, ...container.config.env] } };
}

function linkVariables({ child, alias }: Link, parent: string): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const address = addressOf(child);
  const ports = child.config.exposedPorts
    .map((key) => ({ port: key.split('/')[0] ?? '', protocol: key.split('/')[1] ?? 'tcp' }))
    .sort((a, b) => Number(a.port) - Number(b.port) || b.protocol.localeCompare(a.protocol));
  const url = ({ port, protocol }: { port: string; protocol: string }) => `${protocol}://${address}:${port}`;
  const [first] = ports;
  return [
    ...(first ? [`${prefix}_PORT=${url(first)}`] : []),
    ...ports.flatMap((one) => {
      const name = `${prefix}_PORT_${one.port}_${one.protocol.toUpperCase()}`;
      return [
        `${name}=${url(one)}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${one.port}`,
        `${name}_PROTO=${one.protocol}`,
      ];
    }),
    `${prefix}_NAME=/${parent}/${alias}`,
    ...environment(child)
      .filter((entry) => !/^(HOME|PATH|HOSTNAME|TERM)=/.test(entry))
      .map((entry) => `${prefix}_ENV_${entry}`),
  ];
}
