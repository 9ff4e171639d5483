import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';

export interface Issued {
  /** Paths of PEM files. */
  cert: string;
  key: string;
}

/** A certificate authority made with openssl; its files are in `directory`. */
export class Authority {
  readonly issued = new Map<string, Issued>();

  private constructor(
    private readonly directory: string,
    /** Path of its own certificate. */
    readonly certificate: string,
    readonly key: string,
  ) {}

  static async create(directory: string): Promise<Authority> {
    mkdirSync(directory, { recursive: true });
    const certificate = join(directory, 'ca.crt');
    const key = join(directory, 'ca.key');
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-authority';
    await succeed(['openssl', ...request.split(' '), '-keyout', key, '-out', certificate]);
    const authority = new Authority(directory, certificate, key);
    await authority.issue('client', 'DNS:client');
    return authority;
  }

  /** `names`: subjectAltName, as `IP:127.0.0.1,DNS:localhost`. */
  async issue(name: string, names: string): Promise<Issued> {
    const path = (suffix: string) => join(this.directory, `${name}.${suffix}`);
    const request = `req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name}`;
    await succeed(['openssl', ...request.split(' '), '-keyout', path('key'), '-out', path('csr')]);
    writeFileSync(path('ext'), `subjectAltName=${names}\n`);
    const sign = [
      'x509',
      '-req',
      '-days',
      '2',
      '-CA',
      this.certificate,
      '-CAkey',
      this.key,
      '-CAcreateserial',
    ];
    await succeed(['openssl', ...sign, '-in', path('csr'), '-extfile', path('ext'), '-out', path('crt')]);
    const issued = { cert: path('crt'), key: path('key') };
    this.issued.set(name, issued);
    return issued;
  }
}
