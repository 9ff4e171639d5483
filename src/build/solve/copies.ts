/** Where COPY, ADD and mounts take their files from. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '../../lib/errors.ts';
import type { Platform } from '../../oci/image.ts';
import type { OpenContext } from '../context/open.ts';
import { notInContext, notInTree } from '../copy/sources.ts';
import type { Add, Copy, Dockerfile, InlineFile } from '../dockerfile/dockerfile.ts';
import { referenceOf } from '../dockerfile/dockerfile.ts';
import type { SourceTree } from '../files/tree.ts';
import { chainOf, type StageState } from '../stage/state.ts';
import { escaped, originsOfAdd } from '../steps/add.ts';
import { type Origin, type PreparedCopy, prepareCopy } from '../steps/copy.ts';
import type { MountSource } from '../steps/mounts.ts';
import { treeOf } from '../steps/write-layer.ts';
import type { BuiltStage } from './solve.ts';
import type { Workshop } from './workshop.ts';

const root = { uid: 0, gid: 0 };

const treeIn = ({ path, known }: OpenContext) =>
  ({ kind: 'directory', path, ...(known && { known }) }) as const;

export class Copies {
  constructor(
    private readonly workshop: Workshop,
    private readonly dockerfile: Dockerfile,
    private readonly platform: Platform,
    private readonly stage: (index: number) => Promise<BuiltStage>,
  ) {}

  async source(from: string | null, of: 'copy' | 'mount'): Promise<MountSource> {
    if (from === null) return this.#context();
    const named = this.workshop.named.find(from);
    if (named !== undefined && 'path' in named) return treeIn(named);
    if (from === 'scratch') return { kind: 'layers', chain: null };
    const reference = referenceOf(this.dockerfile, from, of);
    if (reference.kind === 'stage')
      return { kind: 'layers', chain: chainOf((await this.stage(reference.index)).state) };
    if (reference.kind === 'scratch') return { kind: 'layers', chain: null };
    const { parts } = await this.workshop.base(reference.name, this.platform);
    return { kind: 'layers', chain: chainOf(parts) };
  }

  #context() {
    const { context } = this.workshop;
    if (context === null) throw invalid('there is no build context');
    return treeIn(context);
  }

  /** null: no files at all. */
  async #tree(from: string | null): Promise<SourceTree | null> {
    const source = await this.source(from, 'copy');
    return source.kind === 'directory' ? source : treeOf(this.workshop.parts, source.chain);
  }

  /** `stack`: for what has to be there until the step is performed. */
  async prepare(
    state: StageState,
    instruction: Copy | Add,
    stack: AsyncDisposableStack,
  ): Promise<PreparedCopy> {
    const { workshop } = this;
    const { destination, owner, mode, link, exclude, kind } = instruction;
    const local = kind === 'add' || instruction.from === null;
    const request = {
      instruction: kind === 'copy' ? ('COPY' as const) : ('ADD' as const),
      origins: await this.#origins(instruction, stack),
      destination,
      owner,
      mode,
      link,
      parents: kind === 'copy' && instruction.parents,
      exclude,
      missing: local ? notInContext : notInTree,
    };
    return prepareCopy(workshop.parts, state, request, workshop.signal);
  }

  async #origins(instruction: Copy | Add, stack: AsyncDisposableStack): Promise<Origin[]> {
    const { inline, sources } = instruction;
    const origins = inline.length === 0 ? [] : [this.#inlineFiles(inline, stack)];
    if (sources.length === 0) return origins;
    if (instruction.kind === 'add') {
      const needs = {
        directory: this.#scratchDirectory(stack),
        context: async () => this.#context(),
        op: this.workshop.op,
      };
      return [...origins, ...(await originsOfAdd(instruction, needs))];
    }
    const tree = await this.#tree(instruction.from);
    if (tree === null) throw notInTree(sources[0] ?? '');
    return [...origins, { tree, sources, owner: instruction.from === null ? root : null, isArchive: false }];
  }

  #scratchDirectory(stack: AsyncDisposableStack): string {
    const path = join(this.workshop.parts.directory, 'scratch', randomBytes(16).toString('hex'));
    mkdirSync(path, { recursive: true, mode: 0o700 });
    stack.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** Heredocs become files of a directory. */
  #inlineFiles(inline: readonly InlineFile[], stack: AsyncDisposableStack): Origin {
    const path = this.#scratchDirectory(stack);
    for (const { name, content } of inline) {
      if (name === '' || name === '.' || name === '..' || name.includes('/'))
        throw invalid(`invalid name of a heredoc: ${name}`);
      writeFileSync(join(path, name), content, { mode: 0o644 });
    }
    const sources = inline.map(({ name }) => escaped(name));
    return { tree: { kind: 'directory', path }, sources, owner: root, isArchive: false };
  }
}
