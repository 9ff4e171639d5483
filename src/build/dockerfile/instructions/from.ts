import { problem } from '../error.ts';
import { quote, splitBlanks } from '../text.ts';
import { parseFlags } from './flags.ts';
import type { From } from './model.ts';
import { common, type Request } from './request.ts';

const stageName = /^[a-z][a-z0-9-_.]*$/;

export function parseFrom({ node }: Request): From {
  const [base = '', keyword, name, ...rest] = splitBlanks(node.args);
  const named = keyword?.toLowerCase() === 'as' && name !== undefined && rest.length === 0;
  if (base === '' || (keyword !== undefined && !named))
    throw problem('FROM requires either one or three arguments');
  if (named && !stageName.test(name.toLowerCase()))
    throw problem(
      `invalid name for build stage: ${quote(name)}, name can't start with a number or contain symbols`,
      name,
    );
  const { platform } = parseFlags(node.flags, { platform: 'string' });
  const as = named ? { keyword, name } : null;
  return { ...common(node), kind: 'from', base, platform: platform || null, as };
}
