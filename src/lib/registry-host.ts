/** Which registry an address names: clients write it as a host, a URL, or Docker Hub's old index URL. */

/** Where Docker clients keep the credentials of Docker Hub. */
export const hubAddress = 'https://index.docker.io/v1/';

/** host[:port] of `https://reg.example:5000/v1/`, `reg.example:5000/x` or `reg.example:5000`. */
export function hostOfAddress(address: string): string {
  const [host = ''] = address.replace(/^[a-z]+:\/\//i, '').split('/');
  return host;
}

/** The domain as image names have it: Docker Hub's index is docker.io, and so is "". */
export function domainOfAddress(address: string): string {
  const host = hostOfAddress(address);
  return host === '' || host === 'index.docker.io' ? 'docker.io' : host;
}

/** `localhost:5000/app` is searched at its host, `user/app` at Docker Hub, as in references. */
export function splitTerm(text: string): { domain: string; term: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  const term = isHost ? text.slice(slash + 1) : text;
  return { domain: isHost ? domainOfAddress(first) : 'docker.io', term: term.replace(/^library\//, '') };
}
