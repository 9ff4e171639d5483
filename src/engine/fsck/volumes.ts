import { messageOf } from '../../lib/errors.ts';
import { isName } from '../../lib/ids.ts';
import type { Check } from './check.ts';

/** Volumes and their directories. */
export const checkVolumes: Check = {
  title: 'Checking volumes',
  async run({ volumes }, report) {
    const { missing, orphans } = volumes.audit();
    for (const volume of missing) {
      const isHeld = volumes.holders(volume.name).length > 0;
      await report({
        kind: 'volume',
        subject: volume.name,
        detail: 'its directory is missing',
        remedy: {
          text: isHeld ? 'made again, empty, for the containers that hold it' : 'record removed',
          run: () => volumes.mend(volume),
        },
      });
    }
    for (const name of orphans)
      await report({
        kind: 'volume',
        subject: name,
        detail: 'there is a directory but no volume',
        remedy: isName(name) ? { text: 'it is a volume again', run: async () => volumes.adopt(name) } : null,
      });
    for (const volume of await volumes.list())
      await volumes
        .usage(volume.name)
        .catch((error: unknown) =>
          report({ kind: 'volume', subject: volume.name, detail: messageOf(error), remedy: null }),
        );
  },
};
