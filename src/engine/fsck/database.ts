import type { Check, World } from './check.ts';

interface Violation {
  table: string;
  rowid: number;
  parent: string;
}

/** Rows that only say something about a row that is gone; to delete them loses nothing. */
const removable = new Set(['image_names', 'image_digests', 'image_targets', 'target_blobs', 'image_chain']);

/** Rows that refer to rows that are not there, such as names of missing images. */
export const checkDatabase: Check = {
  title: 'Checking the database',
  async run({ db }, report) {
    for (const { quick_check: text } of db.query<{ quick_check: string }, []>('PRAGMA quick_check').all())
      if (text !== 'ok') await report({ kind: 'record', subject: 'gantry.db', detail: text, remedy: null });
    for (const { table, rowid, parent } of db.query<Violation, []>('PRAGMA foreign_key_check').all())
      await report({
        kind: 'record',
        subject: rowText(db, table, rowid),
        detail: `it refers to a row of ${parent} that does not exist`,
        remedy: removable.has(table)
          ? { text: 'deleted', run: async () => db.run(`DELETE FROM ${table} WHERE rowid = ?`, [rowid]) }
          : null,
      });
  },
};

/** `image_names docker.io/library/busybox latest sha256:…` */
function rowText(db: World['db'], table: string, rowid: number): string {
  const row = db
    .query<Record<string, unknown>, [number]>(`SELECT * FROM "${table}" WHERE rowid = ?`)
    .get(rowid);
  return [table, ...Object.values(row ?? { rowid })].join(' ');
}
