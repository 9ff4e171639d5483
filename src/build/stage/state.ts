/** What a stage has become so far: layers, and the config that an image of them would have. */

import type { Layer } from '../../images/model.ts';
import type { Digest } from '../../lib/ids.ts';
import { digestOf } from '../../lib/ids.ts';
import type { ImageConfig, ImageRunConfig, Platform } from '../../oci/image.ts';

export interface StageState {
  /** From the base up. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
  /** The stage itself has said what its command is: ENTRYPOINT leaves it then. */
  readonly hasCommand: boolean;
  /** How many of the layers, and of the lines of history, are the base image's. */
  readonly base: { layers: number; history: number };
  /** When it last changed, RFC 3339: what an image of it says of its age. */
  readonly time: string;
}

/** One line of an image's history. */
export interface Deed {
  /** As `docker history` shows it. */
  createdBy: string;
  /** RFC 3339. */
  created: string;
}

export const scratch = ({ os, architecture, variant }: Platform, time: string): StageState => ({
  layers: [],
  config: {
    architecture,
    os,
    ...(variant !== undefined && { variant }),
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
  },
  hasCommand: false,
  base: { layers: 0, history: 0 },
  time,
});

/** ChainID of the topmost layer; null: there are no files. */
export const chainOf = ({ layers }: Pick<StageState, 'layers'>): string | null =>
  layers.at(-1)?.chainId ?? null;

export const runConfigOf = ({ config }: StageState): ImageRunConfig => config.config ?? {};

export const platformOf = ({ config: { os, architecture, variant } }: StageState): Platform => ({
  os,
  architecture,
  ...(variant !== undefined && { variant }),
});

/** The id of an image that had nothing but this. */
export const idOf = ({ config }: StageState): Digest => digestOf(JSON.stringify(config));

/** `layer` null: files stay as they are. */
export function withDeed(state: StageState, deed: Deed, layer: Layer | null): StageState {
  const { config, layers } = state;
  const { rootfs, history = [] } = config;
  const entry = { created: deed.created, created_by: deed.createdBy };
  return {
    ...state,
    time: deed.created,
    layers: layer === null ? layers : [...layers, layer],
    config: {
      ...config,
      rootfs: layer === null ? rootfs : { ...rootfs, diff_ids: [...rootfs.diff_ids, layer.diffId] },
      history: [...history, layer === null ? { ...entry, empty_layer: true } : entry],
    },
  };
}

/** Docker's default, which every image says of itself that has none. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As BuildKit begins a stage: there is always a PATH. */
export function withPath(state: StageState): StageState {
  const { Env = [] } = runConfigOf(state);
  if (Env.some((assignment) => assignment.startsWith('PATH='))) return state;
  return withRunConfig(state, { Env: [...Env, `PATH=${defaultPath}`] });
}

export function withRunConfig(state: StageState, changes: Partial<ImageRunConfig>): StageState {
  return { ...state, config: { ...state.config, config: { ...runConfigOf(state), ...changes } } };
}
