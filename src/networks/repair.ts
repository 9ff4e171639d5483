/** `gantry network repair`: after a firewall was reloaded, or someone took a link away. */
import { bridgePorts, setMaster } from '../linux/bridge-port.ts';
import { linkIndex } from '../linux/link-address.ts';
import { allowForwarding, type NetworkContext } from './context.ts';
import { vethName } from './link-name.ts';
import type { Network } from './model.ts';

/** What had to be mended, in words. */
export async function repair(context: NetworkContext): Promise<string[]> {
  const mended: string[] = [];
  for (const driver of context.drivers.values()) {
    const { name, link } = driver.network;
    if (await driver.open()) mended.push(`network ${name}: link ${link}`);
    for (const container of reattach(context, driver.network))
      mended.push(`container ${container}: on network ${name}`);
  }
  await allowForwarding(
    context,
    [...context.drivers.values()].map(({ network }) => network),
  );
  if (await context.firewall.restore()) mended.push('the nftables table');
  return mended;
}

/** When a bridge is deleted its ports live on, attached to nothing. Names of the containers whose ports are put back. */
function reattach({ members }: NetworkContext, { id, link, driver }: Network): string[] {
  if (driver !== 'bridge') return [];
  const present = new Set(bridgePorts(link));
  return [...members.values()]
    .filter(({ endpoints }) =>
      endpoints.some(({ networkId, endpointId }) => {
        const port = vethName(endpointId);
        if (networkId !== id || present.has(port) || linkIndex(port) === null) return false;
        setMaster(port, linkIndex(link) ?? 0);
        return true;
      }),
    )
    .map(({ containerName }) => containerName);
}
