/** Where the API has a network. */

export function networkPath(name: string, action = ''): string {
  return `/networks/${givenName('network', name)}${action}`;
}

/** Without a name the path would be another one, so Docker's client refuses it, and so do we. */
export function givenName(kind: 'network' | 'container', name: string): string {
  if (name.trim() === '') throw new Error(`invalid ${kind} name or ID: value is empty`);
  return name;
}
