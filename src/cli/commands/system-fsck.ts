import type { Finding } from '../../engine/model.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { showProgress } from '../stream/progress.ts';
import { writeOut } from '../terminal/output.ts';

/** There are findings that have not been repaired. */
const findingsLeft = 1;

export const command: Command = {
  usage: '[OPTIONS]',
  args: noArguments,
  flags: [
    { name: 'repair', type: 'bool', usage: 'Mend what can be mended without losing anything' },
    { name: 'json', type: 'bool', usage: 'Print each finding as a line of JSON' },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Print findings only' },
  ],
  async run({ flags, client }) {
    const { body } = await client.request('POST', '/gantry/fsck', {
      query: { repair: flags.bool('repair') },
    });
    const findings: Finding[] = [];
    await showProgress(body, {
      fd: 2,
      quiet: flags.bool('quiet'),
      onAux: (value) => {
        const finding = value as unknown as Finding;
        findings.push(finding);
        writeOut(flags.bool('json') ? `${JSON.stringify(finding)}\n` : line(finding));
      },
    });
    const repaired = findings.filter((finding) => finding.repaired).length;
    const left = findings.length - repaired;
    if (!flags.bool('json')) writeOut(summary(repaired, left));
    return left === 0 ? exitCode.success : findingsLeft;
  },
};

function line({ kind, subject, detail, repair, repaired }: Finding): string {
  const action = repaired ? `repaired: ${repair}` : repair === null ? 'no repair' : `repair: ${repair}`;
  return `${kind} ${subject}: ${detail} (${action})\n`;
}

function summary(repaired: number, left: number): string {
  if (repaired + left === 0) return 'Everything is in order\n';
  return `${repaired} repaired, ${left} left\n`;
}
