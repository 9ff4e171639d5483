/** A name and its tag apart, as the API takes them: `busybox` is `docker.io/library/busybox` and `latest`. */
export function splitReference(text: string): { repo: string; tag: string } {
  const [, repo = text, tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(text) ?? [];
  return { repo: fullName(repo), tag };
}

/** A first part without dot, colon or `localhost` is no host. */
function fullName(repository: string): string {
  const slash = repository.indexOf('/');
  const host = slash < 0 ? '' : repository.slice(0, slash);
  if (/[.:]/.test(host) || host === 'localhost' || host !== host.toLowerCase()) return repository;
  return slash < 0 ? `docker.io/library/${repository}` : `docker.io/${repository}`;
}
