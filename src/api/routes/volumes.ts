/** Volumes. */
import { unavailable } from '../../lib/errors.ts';
import type { Volumes } from '../../volumes/model.ts';
import { readJson } from '../http/body.ts';
import { parseFilters } from '../http/filters.ts';
import { booleanParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { Fields } from '../translate/fields.ts';
import { selectVolumes, volumeFilterKeys, volumeJson } from '../translate/volume.ts';
import type { VolumeList, VolumesPruneReport } from '../types/volumes.ts';

type Needed = Pick<Volumes, 'create' | 'get' | 'survey' | 'remove' | 'prune' | 'holders'>;

export function volumeRoutes(volumes: Needed): Route[] {
  return [
    route('GET', '/volumes', async (exchange) => {
      const filters = parseFilters(exchange.query.get('filters'), volumeFilterKeys);
      const inUse = ({ name }: { name: string }) => volumes.holders(name).length > 0;
      const found = await volumes.survey();
      exchange.json(200, {
        Volumes: selectVolumes(found.volumes, filters, inUse).map((volume) =>
          volumeJson({ ...volume, status: undefined }),
        ),
        Warnings: found.warnings.length > 0 ? found.warnings : null,
      } satisfies VolumeList);
    }),
    route('POST', '/volumes/create', async (exchange) => {
      const fields = Fields.of(await readJson(exchange), 'CreateOptions');
      const volume = await volumes.create({
        name: fields.text('Name'),
        driver: fields.text('Driver'),
        options: fields.textMap('DriverOpts'),
        labels: fields.textMap('Labels'),
      });
      exchange.json(201, volumeJson(volume));
    }),
    route('POST', '/volumes/prune', async (exchange) => {
      const filters = new Map(parseFilters(exchange.query.get('filters'), ['all', 'label', 'label!']));
      // Until 1.41 prune took named volumes too.
      if (exchange.version < 42 && !filters.has('all')) filters.set('all', ['true']);
      const { removed, space } = await volumes.prune(filters);
      exchange.json(200, {
        VolumesDeleted: removed.length > 0 ? removed : null,
        SpaceReclaimed: space,
      } satisfies VolumesPruneReport);
    }),
    route('GET', '/volumes/{name}', async (exchange) =>
      exchange.json(200, volumeJson(await volumes.get(exchange.parameter('name')))),
    ),
    route('PUT', '/volumes/{name}', () => {
      throw unavailable('volume update only valid for cluster volumes, but swarm is unavailable');
    }),
    route('DELETE', '/volumes/{name}', async (exchange) => {
      await volumes.remove(exchange.parameter('name'), booleanParameter(exchange.query, 'force'));
      exchange.empty(204);
    }),
  ];
}
