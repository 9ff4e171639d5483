import { unauthorized } from '../../lib/errors.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials, RegistryFailure } from './model.ts';
import type { Clock } from './retries.ts';
import { mergeScopes } from './scopes.ts';
import { basicHeader, type Token } from './tokens.ts';

/** Asks the token server of a challenge. */
export type TokenSource = (
  challenge: Challenge,
  scopes: readonly string[],
  credentials: Credentials,
) => Promise<Token>;

/** A token is not used in the last tenth of its life: it must also last for the answer. */
const usable = 0.9;
const tokenLimit = 1000;

const refused: RegistryFailure = { status: 401, code: 'UNAUTHORIZED', message: '' };

interface Kept {
  token: Promise<Token>;
  /** Null until it is here. */
  value: string | null;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** How one registry knows one user: the challenge it sent, and the tokens that answer it, one for each set of scopes. */
export class Authorizer {
  #challenge: Challenge | null = null;
  readonly #tokens = new Map<string, Kept>();
  /** Scopes that a challenge named beyond those asked for. */
  readonly #wanted = new Map<string, string>();

  constructor(
    private readonly credentials: Credentials,
    private readonly source: TokenSource,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** The Authorization header for a request, null as long as the registry has not asked. Throws unauthorized. */
  async header(scopes: readonly string[]): Promise<string | null> {
    if (this.credentials.kind === 'bearer') return `Bearer ${this.credentials.token}`;
    if (this.#challenge === null) return null;
    if (this.#challenge.scheme === 'bearer') return `Bearer ${await this.#token(this.#challenge, scopes)}`;
    if (this.credentials.kind !== 'basic')
      throw unauthorized('no basic auth credentials', { cause: refused });
    return basicHeader(this.credentials);
  }

  /** Learns from a 401 to a request that was sent with `sent`. False when there is nothing to say that was not said. */
  learn(challenges: readonly Challenge[], scopes: readonly string[], sent: string | null): boolean {
    if (this.credentials.kind === 'bearer') return false;
    const challenge = ['bearer', 'basic'].flatMap((scheme) =>
      challenges.filter((candidate) => candidate.scheme === scheme),
    )[0];
    if (challenge === undefined) return false;
    if (challenge.scheme === 'basic' && sent?.startsWith('Basic ')) return false;
    this.#challenge = challenge;
    this.#want(mergeScopes(scopes).join(' '), challenge.parameters.get('scope') ?? '', sent);
    return true;
  }

  /** A token that others have got in the meantime stays: it is not the one that was refused. */
  #want(key: string, scope: string, sent: string | null): void {
    const refusedToken = sent !== null && sent === `Bearer ${this.#tokens.get(key)?.value}`;
    if (refusedToken || this.#wanted.get(key) !== scope) this.#tokens.delete(key);
    this.#wanted.set(key, scope);
  }

  async #token(challenge: Challenge, scopes: readonly string[]): Promise<string> {
    const own = mergeScopes(scopes);
    const key = own.join(' ');
    const known = this.#tokens.get(key);
    if (known !== undefined && (known.value === null || known.expires > this.clock.now()))
      return (await known.token).value;
    const all = mergeScopes([...own, ...(this.#wanted.get(key) ?? '').split(' ')]);
    return (await this.#keep(key, this.source(challenge, all, this.credentials))).value;
  }

  /** Requests that need the same token wait for the same answer. */
  async #keep(key: string, token: Promise<Token>): Promise<Token> {
    if (this.#tokens.size >= tokenLimit) this.#forget();
    const kept: Kept = { token, value: null, expires: 0 };
    this.#tokens.set(key, kept);
    try {
      const { value, lifetime } = await token;
      kept.value = value;
      kept.expires = this.clock.now() + lifetime * 1000 * usable;
    } catch (error) {
      if (this.#tokens.get(key) === kept) this.#tokens.delete(key);
      throw error;
    }
    return token;
  }

  #forget(): void {
    this.#tokens.clear();
    this.#wanted.clear();
  }
}
