/** Docker's JSON of the volume endpoints. */

export interface Volume {
  Name: string;
  Driver: string;
  Mountpoint: string;
  CreatedAt: string;
  Status?: Record<string, unknown>;
  Labels: Record<string, string> | null;
  Scope: 'local' | 'global';
  Options: Record<string, string> | null;
  /** Bytes; only in `GET /system/df`. */
  UsageData?: { Size: number; RefCount: number };
}

export interface VolumeCreateBody {
  Name?: string;
  Driver?: string;
  DriverOpts?: Record<string, string>;
  Labels?: Record<string, string>;
  ClusterVolumeSpec?: unknown;
}

export interface VolumeList {
  Volumes: Volume[];
  Warnings: string[] | null;
}

export interface VolumesPruneReport {
  VolumesDeleted: string[] | null;
  SpaceReclaimed: number;
}

/**
 * Beyond Docker:
 *
 *   POST   /volumes/{name}/copy                 VolumeCopyBody -> 201 Volume; the target is new, or there and empty
 *   POST   /volumes/{name}/rename               VolumeRenameBody -> 200 Volume; containers that hold it follow
 *   GET    /volumes/{name}/export               -> 200 application/x-tar, "./" first
 *   POST   /volumes/{name}/import               a tar, plain, gzip or zstd -> 201 Volume; new, or there and empty
 *   GET    /volumes/{name}/snapshots            -> 200 VolumeSnapshot[], oldest first
 *   POST   /volumes/{name}/snapshots            VolumeSnapshotBody -> 201 VolumeSnapshot
 *   DELETE /volumes/{name}/snapshots/{snapshot} -> 204
 *   POST   /volumes/{name}/restore              VolumeRestoreBody -> 204
 *   POST   /volumes/{name}/push?reference=      X-Registry-Auth -> 200, lines of progress
 *   POST   /volumes/{name}/pull?reference=      X-Registry-Auth -> 200, lines of progress
 *
 * 404: no such volume or snapshot; 409: in use, not empty, or the name is taken.
 */
export interface VolumeCopyBody {
  Target: string;
}

export interface VolumeRenameBody {
  Name: string;
}

export interface VolumeSnapshotBody {
  /** Default: the time. */
  Name?: string;
}

export interface VolumeRestoreBody {
  Snapshot: string;
}

export interface VolumeSnapshot {
  Name: string;
  CreatedAt: string;
  /** Bytes of its files; what they share with the volume's counts in full. */
  Size: number;
}
