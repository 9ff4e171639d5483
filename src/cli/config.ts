/** `config.json` of the Docker CLI: default formats, detach keys, proxies, the current context. Missing or broken files count as empty. */

export interface ConfigFile {
  readonly detachKeys?: string;
  readonly currentContext?: string;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly statsFormat?: string;
  readonly proxies?: Record<string, Record<string, string>>;
}

export function configDirectory(given: string): string {
  return given || process.env.DOCKER_CONFIG || `${process.env.HOME ?? ''}/.docker`;
}

export async function readConfig(directory: string): Promise<ConfigFile> {
  const file = Bun.file(`${directory}/config.json`);
  if (!(await file.exists())) return {};
  try {
    const parsed: unknown = JSON.parse(await file.text());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch (error) {
    const { writeErr } = await import('./terminal/output.ts');
    writeErr(
      `WARNING: Error loading config file: ${directory}/config.json: ${error instanceof Error ? error.message : error}\n`,
    );
    return {};
  }
}

const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'] as const;
const proxyKeys = ['httpProxy', 'httpsProxy', 'ftpProxy', 'noProxy', 'allProxy'] as const;

/** The proxy variables that a container starts with, unless `given` (`NAME=value`) sets them. */
export function proxyEnvironment(config: ConfigFile, host: string, given: readonly string[]): string[] {
  const proxies = config.proxies?.[host] ?? config.proxies?.default;
  if (!proxies) return [];
  const taken = new Set(given.map((pair) => pair.split('=')[0]));
  const pairs: string[] = [];
  proxyNames.forEach((name, index) => {
    const value = proxies[proxyKeys[index] ?? ''];
    if (!value) return;
    for (const variant of [name, name.toLowerCase()])
      if (!taken.has(variant)) pairs.push(`${variant}=${value}`);
  });
  return pairs;
}
