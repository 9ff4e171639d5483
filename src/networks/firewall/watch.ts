/** Noticing that someone else changed the rules: a firewall that was reloaded, `nft flush ruleset`. */
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { rulesetGeneration } from '../../linux/nft-generation.ts';
import type { Firewall } from './firewall.ts';

/** Milliseconds. Each look costs 20 µs while nobody changes anything. */
const period = 1000;

/**
 * The kernel counts the transactions of a network namespace. While the number stays nothing changed; when it moved, the
 * table is compared with what it was. Not by notification: a netlink socket cannot be waited for in this runtime.
 */
export function watchFirewall(firewall: Firewall, log: Log): Disposable {
  let seen: number | null = null;
  let busy = false;
  const look = async () => {
    const generation = rulesetGeneration();
    if (busy || generation === seen) return;
    busy = true;
    try {
      if (await firewall.verify()) log('warn', 'the nftables table was changed by someone else: made anew');
      // What changed meanwhile is looked at the next time.
      else seen = generation;
    } catch (error) {
      log('warn', 'the nftables table cannot be checked', { error: messageOf(error) });
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), period);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
