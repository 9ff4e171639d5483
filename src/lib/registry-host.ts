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

/** The registry that a search term is for: its first part when that looks like a host, else docker.io. */
export function domainOfTerm(term: string): string {
  const [first = ''] = term.split('/', 1);
  const isHost = first !== term && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? domainOfAddress(first) : 'docker.io';
}
