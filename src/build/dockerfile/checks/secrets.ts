const word = (words: string) => new RegExp(`(?:_|^)(?:${words})(?:_|$)`, 'i');

const secret = word('apikey|auth|credential|credentials|key|password|pword|passwd|secret|token');
const harmless = word('public|file|version');

/** Whether a variable of that name is likely to hold a secret: DATABASE_PASSWORD and GITHUB_TOKEN, but not PUBLIC_KEY. */
export function looksSecret(name: string): boolean {
  return secret.test(name) && !harmless.test(name);
}
