/** A token server for docker-registry's `auth: token`: distribution's token specification, and OAuth2 for refresh tokens and passwords. */
import { createSign, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';

export interface TokenServerSetup {
  username: string;
  password: string;
  /** Repositories that anybody may pull. */
  open?: readonly string[];
  /** Seconds. */
  lifetime?: number;
  /** Status for every GET: a server that knows only the other form. */
  refuseGet?: number;
  /** Host that listens: a name that is not loopback's makes plain HTTP a matter of trust. */
  hostname?: string;
}

/** What it was asked, for looking at. */
export interface TokenQuery {
  method: string;
  scopes: string[];
  user: string | null;
  grant: string;
  offline: boolean;
}

const service = 'test-registry';
const issuer = 'test-issuer';

export class TokenServer implements AsyncDisposable {
  readonly queries: TokenQuery[] = [];
  /** Seconds; negative: tokens that have expired already, as from a clock that is wrong. */
  lifetime: number;
  readonly refreshToken = randomUUID();
  readonly #server: ReturnType<typeof Bun.serve>;

  private constructor(
    private readonly directory: string,
    private readonly setup: TokenServerSetup,
  ) {
    this.lifetime = setup.lifetime ?? 300;
    this.#server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: (request) => this.#answer(request) });
  }

  static async start(setup: TokenServerSetup): Promise<TokenServer> {
    const directory = mkdtempSync('/var/tmp/gantry-tokens-');
    const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-issuer';
    const files = ['-keyout', join(directory, 'key'), '-out', join(directory, 'crt')];
    await succeed(['openssl', ...request.split(' '), ...files]);
    return new TokenServer(directory, setup);
  }

  get realm(): string {
    return `http://${this.setup.hostname ?? '127.0.0.1'}:${this.#server.port}/token`;
  }

  /** docker-registry's `auth.token`. */
  get registrySettings() {
    return { realm: this.realm, service, issuer, rootcertbundle: join(this.directory, 'crt') };
  }

  async #answer(request: Request): Promise<Response> {
    const query = await this.#query(request);
    this.queries.push(query);
    if (request.method === 'GET' && this.setup.refuseGet !== undefined)
      return new Response('', { status: this.setup.refuseGet });
    if (query.user === '')
      return Response.json({ details: 'incorrect username or password' }, { status: 401 });
    const token = this.#sign(query);
    return Response.json({
      token,
      access_token: token,
      expires_in: Math.abs(this.lifetime),
      ...(query.offline && { refresh_token: this.refreshToken }),
    });
  }

  /** `user`: null is nobody, "" somebody who is not who he says. */
  async #query(request: Request): Promise<TokenQuery> {
    const url = new URL(request.url);
    const { method } = request;
    if (method === 'GET')
      return {
        method,
        scopes: url.searchParams.getAll('scope'),
        user: this.#basicUser(request.headers.get('authorization')),
        grant: '',
        offline: url.searchParams.get('offline_token') === 'true',
      };
    const form = new URLSearchParams(await request.text());
    const grant = form.get('grant_type') ?? '';
    const known =
      grant === 'refresh_token'
        ? form.get('refresh_token') === this.refreshToken
        : this.#matches(form.get('username'), form.get('password'));
    return {
      method,
      scopes: (form.get('scope') ?? '').split(' ').filter(Boolean),
      user: known ? this.setup.username : '',
      grant,
      offline: form.get('access_type') === 'offline',
    };
  }

  #basicUser(header: string | null): string | null {
    if (header === null) return null;
    const [, username = '', password = ''] =
      /^([^:]*):(.*)$/s.exec(Buffer.from(header.replace(/^Basic /, ''), 'base64').toString()) ?? [];
    return this.#matches(username, password) ? username : '';
  }

  #matches(username: string | null, password: string | null): boolean {
    return username === this.setup.username && password === this.setup.password;
  }

  /** A JWT as docker-registry reads it: RS256, the key's certificate in the header. */
  #sign({ scopes, user }: TokenQuery): string {
    const now = Math.floor(Date.now() / 1000);
    const certificate = new X509Certificate(readFileSync(join(this.directory, 'crt')));
    const header = { typ: 'JWT', alg: 'RS256', x5c: [certificate.raw.toString('base64')] };
    const claims = {
      iss: issuer,
      sub: user ?? '',
      aud: service,
      exp: now + this.lifetime,
      nbf: now - 7200,
      iat: now,
      jti: randomUUID(),
      access: scopes.map((scope) => this.#granted(scope, user)),
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part(header)}.${part(claims)}`;
    const signature = createSign('RSA-SHA256')
      .update(text)
      .sign(readFileSync(join(this.directory, 'key')));
    return `${text}.${signature.toString('base64url')}`;
  }

  #granted(scope: string, user: string | null) {
    const [type = '', name = '', actions = ''] = scope.split(':');
    const open = this.setup.open?.includes(name) ? ['pull'] : [];
    return { type, name, actions: user === null ? open : actions.split(',') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
