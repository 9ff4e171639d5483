/** Flags that many commands share, with Docker's words. */
import { checkFilter } from './filters.ts';
import type { Flag } from './flag.ts';

const template =
  "'json':             Print in JSON format\n'TEMPLATE':         Print output using the given Go template.\nRefer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";
const table =
  "'table':            Print output in table format with column headers (default)\n'table TEMPLATE':   Print output in table format using the given Go template\n";
const intro = 'Format output using a custom template:\n';

/** `--format` of what prints one thing. */
export const templateFlag: Flag = { name: 'format', type: 'string', usage: intro + template };
export const shortTemplateFlag: Flag = { ...templateFlag, short: 'f' };
/** `--format` of what prints a table. */
export const tableFlag: Flag = { name: 'format', type: 'string', usage: intro + table + template };

export const forceFlag: Flag = {
  name: 'force',
  short: 'f',
  type: 'bool',
  usage: 'Do not prompt for confirmation',
};

/** Docker has given up content trust; scripts still say that they do without it. */
export const contentTrustFlag: Flag = {
  name: 'disable-content-trust',
  type: 'bool',
  usage: 'Skip image verification',
  default: 'true',
  hidden: true,
};

export function filterFlag(usage: string, short?: string): Flag {
  return { name: 'filter', short, type: 'filter', usage, check: checkFilter };
}
