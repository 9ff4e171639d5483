/** Columns of `ps`. */
import type { ContainerSummary, MountPoint } from '../../api/types/containers.ts';
import { displayPorts } from './ports.ts';
import { ago, ellipsis, goTime, shortId, shortSize } from './units.ts';
import type { View } from './view.ts';

export interface ContainerViewOptions {
  /** Nothing is cut short. */
  full: boolean;
  /** The default table has a SIZE column. */
  size: boolean;
}

export function containerView({ full, size }: ContainerViewOptions): View<ContainerSummary> {
  return {
    typeName: '*formatter.ContainerContext',
    failure: 'failed to execute template',
    table: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(size ? ['Size'] : [])],
    columns: [
      { name: 'ID', title: 'CONTAINER ID', value: (c) => (full ? c.Id : shortId(c.Id)) },
      { name: 'Names', title: 'NAMES', value: (c) => names(c, full) },
      { name: 'Image', title: 'IMAGE', value: (c) => image(c, full) },
      {
        name: 'Command',
        title: 'COMMAND',
        value: (c) => JSON.stringify(full ? c.Command : ellipsis(c.Command, 20)),
      },
      { name: 'CreatedAt', title: 'CREATED AT', value: (c) => goTime(c.Created) },
      { name: 'RunningFor', title: 'CREATED', value: (c) => ago(Date.now() - c.Created * 1000) },
      { name: 'Ports', title: 'PORTS', value: (c) => displayPorts(c.Ports ?? []) },
      { name: 'State', title: 'STATE', value: (c) => c.State },
      { name: 'Status', title: 'STATUS', value: (c) => c.Status },
      { name: 'Size', title: 'SIZE', value: sizes },
      { name: 'Labels', title: 'LABELS', value: (c) => labels(c.Labels) },
      {
        name: 'Mounts',
        title: 'MOUNTS',
        value: (c) => (c.Mounts ?? []).map((mount) => mountName(mount, full)).join(','),
      },
      { name: 'LocalVolumes', title: 'LOCAL VOLUMES', value: (c) => String(localVolumes(c)) },
      {
        name: 'Networks',
        title: 'NETWORKS',
        value: (c) => Object.keys(c.NetworkSettings?.Networks ?? {}).join(','),
      },
      { name: 'Platform', title: 'PLATFORM', value: () => null },
    ],
    methods: { Label: (container, name) => container.Labels?.[name] ?? '' },
  };
}

/** Without the names that links give it (`/web/db`), unless nothing is cut. */
function names(container: ContainerSummary, full: boolean): string {
  const all = (container.Names ?? []).map((name) => name.replace(/^\//, ''));
  if (full) return all.join(',');
  return all.find((name) => !name.includes('/')) ?? '';
}

function image(container: ContainerSummary, full: boolean): string {
  if (container.Image === '') return '<no image>';
  if (full) return container.Image;
  if (container.Image === container.ImageID) return shortId(container.ImageID);
  const digest = container.Image.indexOf('@');
  return digest < 0 ? container.Image : container.Image.slice(0, digest);
}

function sizes(container: ContainerSummary): string {
  const own = shortSize(container.SizeRw ?? 0);
  return container.SizeRootFs ? `${own} (virtual ${shortSize(container.SizeRootFs)})` : own;
}

export function labels(map: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(map ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',');
}

function mountName(mount: MountPoint, full: boolean): string {
  const name = mount.Name || mount.Source;
  return full ? name : ellipsis(name, 15);
}

function localVolumes(container: ContainerSummary): number {
  return (container.Mounts ?? []).filter((mount) => mount.Driver === 'local').length;
}
