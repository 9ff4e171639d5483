/** What other programs' rules do to our packets. Every table's verdict counts: what another one drops we cannot accept, only say so. */
import type { Log } from '../../lib/op.ts';
import type { Nft } from '../../linux/nft.ts';

/** dockerd and ufw set iptables' FORWARD policy to DROP. */
export async function warnOfForeignPolicy(nft: Nft, bridges: readonly string[], log: Log): Promise<void> {
  const chain = await nft.query('list chain ip filter FORWARD').catch(() => '');
  if (!/policy drop/.test(chain)) return;
  log(
    'warn',
    "the host's iptables FORWARD policy is DROP: containers reach the world only if its rules let them",
    {
      remedy: bridges
        .flatMap((bridge) => [
          `iptables -I FORWARD -i ${bridge} -j ACCEPT`,
          `iptables -I FORWARD -o ${bridge} -j ACCEPT`,
        ])
        .join('; '),
    },
  );
}
