import type { Digest } from '../../lib/ids.ts';
import { familiarName, familiarRepository, type ImageName } from '../../lib/reference.ts';
import type { Context } from '../context.ts';

/** Other than the rest of the image events, Docker tells a pull or push by the reference, and names the repository beside it. */
export function emitTransfer(
  { emit, records }: Context,
  action: 'pull' | 'push',
  image: Digest,
  name: ImageName,
): void {
  const labels = records.get(image)?.config.config?.Labels ?? {};
  const attributes = { ...labels, name: familiarRepository(name) };
  emit({ type: 'image', action, id: familiarName(name), attributes });
}
