/** Volumes as Docker's JSON, and their filters. */
import type { Volume, VolumeSnapshot } from '../../volumes/model.ts';
import { booleanFilter, type Filters, matchesLabels, matchesPattern } from '../http/filters.ts';
import type { Volume as VolumeJson, VolumeSnapshot as VolumeSnapshotJson } from '../types/volumes.ts';
import { rfc3339Seconds } from './time.ts';

export const volumeFilterKeys = ['dangling', 'driver', 'label', 'name'] as const;

/** `usage` in bytes and containers: only in `docker system df`. */
export function volumeJson(volume: Volume, usage?: { size: number; references: number }): VolumeJson {
  // Docker says null for an unnamed volume's absent labels and options, and keeps the mark of an anonymous one as a label.
  const labels = volume.anonymous
    ? { 'com.docker.volume.anonymous': '', ...volume.labels }
    : Object.keys(volume.labels).length > 0
      ? volume.labels
      : null;
  return {
    CreatedAt: rfc3339Seconds(volume.created),
    Driver: volume.driver,
    Labels: labels,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: Object.keys(volume.options).length > 0 ? volume.options : null,
    Scope: volume.scope,
    ...(volume.status && { Status: volume.status }),
    ...(usage && { UsageData: { Size: usage.size, RefCount: usage.references } }),
  };
}

export const snapshotJson = ({ name, created, size }: VolumeSnapshot): VolumeSnapshotJson => ({
  Name: name,
  CreatedAt: rfc3339Seconds(created),
  Size: size,
});

export function selectVolumes(
  volumes: readonly Volume[],
  filters: Filters,
  inUse: (volume: Volume) => boolean,
): Volume[] {
  const dangling = filters.has('dangling') ? booleanFilter(filters, 'dangling', false) : null;
  return volumes.filter(
    (volume) =>
      matchesPattern(filters.get('name'), volume.name) &&
      (filters.get('driver')?.includes(volume.driver) ?? true) &&
      matchesLabels(filters.get('label'), volume.labels) &&
      (dangling === null || dangling === !inUse(volume)),
  );
}
