import type { NetworkRepairReport } from '../../api/types/networks.ts';
import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { writeErr, writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '',
  args: noArguments,
  description:
    'Mend the links and firewall rules of networks on the host\n\nContainers go on running; what was mended is printed, a line each.',
  flags: [],
  async run({ client }) {
    const { Repaired } = await client.json<NetworkRepairReport>('POST', '/networks/repair');
    for (const line of Repaired) writeLine(line);
    if (Repaired.length === 0) writeErr('Nothing to repair.\n');
    return exitCode.success;
  },
};
