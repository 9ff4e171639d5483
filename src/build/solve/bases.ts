/** Images that stages are built from, or copy from. */

import type { Image, ImageParts } from '../../images/model.ts';
import { isKind } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { familiarName, parseReference } from '../../lib/reference.ts';
import type { Platform } from '../../oci/image.ts';
import { formatPlatform, platformScore } from '../../oci/platform.ts';
import type { BuildRequest } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import type { Reporter, Step } from '../report.ts';

/** One image of one platform for each build, however often it is named. */
export class Bases {
  readonly #loaded = new Map<string, Promise<Image>>();

  constructor(
    private readonly parts: BuildParts,
    private readonly request: Pick<BuildRequest, 'pull' | 'credentials'>,
    private readonly reporter: Reporter,
    private readonly op: Operational,
  ) {}

  async load(name: string, platform: Platform): Promise<{ image: Image; parts: ImageParts }> {
    const image = await this.image(name, platform);
    return { image, parts: await this.parts.layering.parts(image.id) };
  }

  /** The next one who asks for it looks again. */
  forget(name: string, platform: Platform): void {
    this.#loaded.delete(keyOf(name, platform));
  }

  image(name: string, platform: Platform): Promise<Image> {
    const key = keyOf(name, platform);
    const running = this.#loaded.get(key) ?? this.#load(name, platform);
    this.#loaded.set(key, running);
    return running;
  }

  async #load(name: string, platform: Platform): Promise<Image> {
    const here = this.request.pull && !isId(name) ? null : await this.#find(name, platform);
    if (here !== null) return here;
    await this.reporter.around(`[internal] pull ${name}`, (step) => this.#pull(name, platform, step));
    return this.parts.images.get(name);
  }

  /** null: it is not here, or only for another platform. */
  async #find(name: string, platform: Platform): Promise<Image | null> {
    try {
      const image = await this.parts.images.get(name);
      return platformScore(platform, image.config) > 0 ? image : null;
    } catch (error) {
      if (isKind(error, 'notFound')) return null;
      throw error;
    }
  }

  async #pull(name: string, platform: Platform, step: Step): Promise<void> {
    const reference = parseReference(name);
    const op: Operational = {
      ...this.op,
      progress: (told) => {
        if (told.kind === 'status') step.progress(told.id ?? '', told.status, told.current, told.total);
      },
    };
    const options = {
      allTags: false,
      platform: formatPlatform(platform),
      credentials: this.request.credentials(reference.domain),
    };
    await this.parts.distribution.pull(familiarName(reference), options, op);
  }
}

const keyOf = (name: string, platform: Platform): string => `${name} ${formatPlatform(platform)}`;

/** No registry has it under this name. */
export const isId = (name: string): boolean => /^sha256:[0-9a-f]{64}$/.test(name);
