/** Images as `docker image ls`, inspect and history show them. */
import type { HistoryEntry, Image } from '../../images/model.ts';
import type { ImageRunConfig } from '../../oci/image.ts';
import type { ImageConfig, ImageHistoryItem, ImageInspect, ImageSummary } from '../types/images.ts';
import { zeroTime } from './time.ts';

/** -1 where a count was not computed. */
export interface ImageCounts {
  containers: number;
  sharedSize: number;
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);

export function imageSummaryJson(image: Image, version: number, counts: ImageCounts): ImageSummary {
  const dangling = image.tags.length === 0;
  return {
    Id: image.id,
    ParentId: image.parentId ?? '',
    // Before 1.43 an image without name said so in place of a name.
    RepoTags: dangling && version < 43 ? ['<none>:<none>'] : image.tags,
    RepoDigests:
      dangling && image.repoDigests.length === 0 && version < 43 ? ['<none>@<none>'] : image.repoDigests,
    Created: seconds(image.created),
    Size: image.size,
    SharedSize: counts.sharedSize,
    ...(version < 44 && { VirtualSize: image.size }),
    Labels: image.config.config?.Labels ?? null,
    Containers: counts.containers,
    ...(image.pinned && { Pinned: true }),
  };
}

export interface ImagePlace {
  /** The storage driver. */
  driver: string;
}

export function imageInspectJson(image: Image, version: number, { driver }: ImagePlace): ImageInspect {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.repoDigests,
    Parent: image.parentId ?? '',
    Comment: config.comment ?? config.history?.at(-1)?.comment ?? '',
    ...createdJson(config.created, version),
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: imageConfigJson(config.config ?? {}, version),
    Architecture: config.architecture,
    ...(config.variant && { Variant: config.variant }),
    Os: config.os,
    ...(config['os.version'] && { OsVersion: config['os.version'] }),
    Size: image.size,
    ...(version < 44 && { VirtualSize: image.size }),
    GraphDriver: { Name: driver, Data: null },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: zeroTime },
    ...(image.pinned && { Pinned: true }),
  };
}

/** Since 1.44 an image without a date has no field; before, the zero time. */
function createdJson(created: string | undefined, version: number): { Created?: string } {
  if (created) return { Created: created };
  return version < 44 ? { Created: zeroTime } : {};
}

/** Until 1.49 the fields of a container's configuration were all there, empty. */
function imageConfigJson(config: ImageRunConfig, version: number): ImageConfig {
  const legacy = {
    Hostname: config.Hostname ?? '',
    Domainname: config.Domainname ?? '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Image: '',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
  };
  const { Hostname: _hostname, Domainname: _domainname, ...own } = config;
  return version < 50 ? ({ ...legacy, ...own } as ImageConfig) : own;
}

export function historyJson(entries: readonly HistoryEntry[]): ImageHistoryItem[] {
  return entries.map((entry) => ({
    Id: entry.id ?? '<missing>',
    Created: seconds(entry.created),
    CreatedBy: entry.createdBy,
    Tags: entry.tags.length > 0 ? entry.tags : null,
    Size: entry.size,
    Comment: entry.comment,
  }));
}
