/** docker update and rename: changes of a container that exists. */
import { conflict, invalid } from '../lib/errors.ts';
import { type Context, emitContainer } from './context.ts';
import { resolveBlockDevices } from './facts.ts';
import type { Container, HostConfig, PublishChanges, Resources, RestartPolicy } from './model.ts';
import { republish } from './republish.ts';
import { cgroupsPath } from './spec.ts';
import { specResources } from './spec-resources.ts';
import { isAlive } from './state.ts';
import { validateName, validateRestartPolicy } from './validate.ts';
import { validateResources } from './validate-resources.ts';

export async function update(
  context: Context,
  ref: string,
  { publish, ...changes }: Partial<Resources> & { restartPolicy?: RestartPolicy; publish?: PublishChanges },
): Promise<{ warnings: string[] }> {
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  const container = context.store.byId(id);
  if (container.state.status === 'removing' || container.state.status === 'dead')
    throw conflict(`cannot update container ${id}: container is marked for removal and cannot be "update"`);
  const merged = merge(container, changes);
  validateResources(merged);
  validateRestartPolicy(merged.restartPolicy);
  if (merged.autoRemove && merged.restartPolicy.name !== 'no')
    throw invalid('Restart policy cannot be updated because AutoRemove is enabled for the container');
  const resources = specResources(merged, resolveBlockDevices(merged));
  if (isAlive(container.state)) await context.cgroups.update(cgroupsPath(container), resources);
  const after = publish
    ? await republish(context, { ...container, hostConfig: merged }, publish)
    : { hostConfig: merged };
  const updated = context.store.update(id, after);
  emitContainer(context, updated, 'update');
  return { warnings: context.cgroups.warnings(resources) };
}

/** What was given replaces; a CPU fraction replaces a quota and the other way round; swap follows memory when it was the default. */
function merge(
  { id, hostConfig: before }: Container,
  { restartPolicy, ...changes }: Partial<Resources> & { restartPolicy?: RestartPolicy },
): HostConfig {
  const refuse = (why: string) => conflict(`Cannot update container ${id}: ${why}`);
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const after: HostConfig = { ...before, ...given };
  if (restartPolicy !== undefined) after.restartPolicy = restartPolicy;
  if (changes.nanoCpus && before.nanoCpus === 0 && (before.cpuQuota > 0 || before.cpuPeriod > 0))
    throw refuse('Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set');
  if (
    changes.memory !== undefined &&
    changes.memorySwap === undefined &&
    before.memorySwap > 0 &&
    changes.memory > before.memorySwap
  )
    throw refuse(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  return after;
}

export async function rename(context: Context, ref: string, name: string): Promise<void> {
  const to = name.startsWith('/') ? name.slice(1) : name;
  if (to === '') throw invalid('Neither old nor new names may be empty');
  const { id } = context.store.find(ref);
  using _lock = await context.locks.take(id);
  const before = context.store.byId(id);
  if (before.name === to) throw invalid('Renaming a container with the same name as its current name');
  validateName(to);
  const member = context.networks.rename(id, to);
  const renamed = context.store.update(id, { name: to, ...(member && { endpoints: member.endpoints }) });
  emitContainer(context, renamed, 'rename', { oldName: `/${before.name}` });
}
