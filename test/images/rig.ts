import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openContent } from '../../src/content/content.ts';
import type { ImageUser } from '../../src/images/context.ts';
import { ImageStore } from '../../src/images/store.ts';
import { type Database, openDatabase } from '../../src/lib/database.ts';
import type { EngineEvent } from '../../src/lib/events.ts';
import type { Operational, Progress } from '../../src/lib/op.ts';
import { createSnapshotter } from '../../src/snapshots/create.ts';

/** On a real file system: overlayfs does not stack on a tmpfs or another overlay everywhere. */
const base = process.env.GANTRY_TEST_DIR ?? '/var/tmp';

export function temporaryDirectory(): Disposable & { path: string } {
  const path = mkdtempSync(join(base, 'gantry-images-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestStore extends Disposable {
  directory: string;
  db: Database;
  store: ImageStore;
  content: ReturnType<typeof openContent>;
  snapshotter: Awaited<ReturnType<typeof createSnapshotter>>;
  events: Omit<EngineEvent, 'timeNano'>[];
  users: Map<string, ImageUser[]>;
  /** A second engine over the same data, as after a kill -9. */
  reopen(): Promise<TestStore>;
  /** Directories of snapshots on disk. */
  layerDirectories(): string[];
}

export async function openStore(driver = '', directory = temporaryDirectory()): Promise<TestStore> {
  const db = openDatabase(join(directory.path, 'gantry.db'));
  const content = openContent(join(directory.path, 'content'));
  const snapshots = join(directory.path, 'snapshots');
  const snapshotter = await createSnapshotter({ db, directory: snapshots, driver });
  const events: TestStore['events'] = [];
  const users = new Map<string, ImageUser[]>();
  const store = new ImageStore({
    db,
    content,
    snapshotter,
    emit: (event) => events.push(event),
    inUse: (id) => users.get(id) ?? [],
    log: (level, message, fields) => console.error(level, message, fields),
    thinLayers: false,
  });
  return {
    directory: directory.path,
    db,
    store,
    content,
    snapshotter,
    events,
    users,
    reopen: () => openStore(driver, directory),
    layerDirectories: () => readdirSync(join(snapshots, snapshotter.driver)),
    [Symbol.dispose]: () => {
      db.close();
      directory[Symbol.dispose]();
    },
  };
}

/** Progress of one operation: `text` is what `docker load` prints. */
export function operation(): Operational & { steps: Progress[]; text: () => string } {
  const steps: Progress[] = [];
  return {
    signal: new AbortController().signal,
    progress: (step) => steps.push(step),
    log: () => undefined,
    steps,
    text: () => steps.map((step) => (step.kind === 'text' ? step.text : '')).join(''),
  };
}

export async function run(command: string[], options: { stdin?: Uint8Array } = {}): Promise<string> {
  const child = Bun.spawn(command, { stdin: options.stdin ?? 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(' ')}: exit ${code}: ${error}`);
  return out;
}
