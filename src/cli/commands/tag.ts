import { type Command, exactly } from '../command.ts';
import { ExitError, exitCode } from '../exit.ts';
import { ApiError } from '../http/client.ts';

export const command: Command = {
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  args: exactly(2),
  flags: [],
  async run({ args: [source = '', target = ''], client }) {
    const [, repo = target, tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(target) ?? [];
    try {
      await client.call('POST', `/images/${source}/tag`, { query: { repo: fullName(repo), tag } });
    } catch (error) {
      if (!(error instanceof ApiError) || !error.reason.startsWith('invalid reference format')) throw error;
      const quoted = JSON.stringify(target);
      throw new ExitError(
        `Error parsing reference: ${quoted} is not a valid repository/tag: ${error.reason}`,
      );
    }
    return exitCode.success;
  },
};

/** `busybox` is docker.io/library/busybox: a first part without dot, colon or `localhost` is no host. */
function fullName(repository: string): string {
  const slash = repository.indexOf('/');
  const host = slash < 0 ? '' : repository.slice(0, slash);
  if (/[.:]/.test(host) || host === 'localhost' || host !== host.toLowerCase()) return repository;
  return slash < 0 ? `docker.io/library/${repository}` : `docker.io/${repository}`;
}
