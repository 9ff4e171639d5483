/** Options that this version knows and cannot serve: better a clear word than an image without what was asked for. */
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { csvFields, parseAttributes } from './attributes.ts';

const entitlements = ['network.host', 'security.insecure', 'device', 'buildx.local.delete'];

export function refuseUnserved(flags: FlagValues): void {
  if (flags.list('annotation').length > 0) throw notYet('--annotation');
  if (flags.list('policy').length > 0) throw notYet('--policy');
  for (const name of ['provenance', 'sbom'] as const)
    if (flags.changed(name) && !isOff(flags.string(name))) throw notYet(`--${name}: attestations`);
  for (const text of flags.list('attest'))
    if (parseAttributes(csvFields(text, 'attest'), 'attest').get('disabled') !== 'true')
      throw notYet('--attest: attestations');
  if (flags.list('platform').length > 1)
    throw notYet('--platform with several platforms: one image for many of them');
  const builder = flags.string('builder');
  if (!['', 'default'].includes(builder)) throw new ExitError(`no builder ${JSON.stringify(builder)} found`);
  const isolation = flags.string('isolation');
  if (!['', 'default'].includes(isolation))
    throw new ExitError(`unsupported isolation ${JSON.stringify(isolation)}`);
  for (const text of flags.list('allow'))
    if (!entitlements.includes(text.split('=')[0] ?? '')) throw new ExitError(`invalid entitlement: ${text}`);
}

const isOff = (text: string) => text === 'false' || text === '0' || text.split(',').includes('disabled=true');

const notYet = (what: string) => new ExitError(`${what} is not part of this version yet`);
