/**
 * Tables of the images noun. An image is its config (the id); a target (manifest or index) is one way to carry it; names point at
 * an image by one of its targets. `target_blobs` says which blobs a target keeps alive, `image_layers` which layers have been
 * unpacked for some image, `image_leases` what a broken pull has finished, `image_holds` what builds stand on.
 */
export const steps = [
  `CREATE TABLE images (
     id TEXT PRIMARY KEY,
     target TEXT NOT NULL,
     manifest TEXT NOT NULL,
     config TEXT NOT NULL,
     parent TEXT,
     created INTEGER NOT NULL,
     added INTEGER NOT NULL)`,
  `CREATE TABLE image_blobs (
     image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     digest TEXT NOT NULL,
     size INTEGER NOT NULL,
     PRIMARY KEY (image, digest))`,
  'CREATE INDEX image_blobs_digest ON image_blobs (digest)',
  `CREATE TABLE image_layers (
     chain_id TEXT PRIMARY KEY,
     size INTEGER NOT NULL)`,
  `CREATE TABLE image_chain (
     image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     chain_id TEXT NOT NULL REFERENCES image_layers (chain_id),
     PRIMARY KEY (image, position))`,
  'CREATE INDEX image_chain_id ON image_chain (chain_id)',
  `CREATE TABLE image_names (
     repository TEXT NOT NULL,
     tag TEXT NOT NULL,
     image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     PRIMARY KEY (repository, tag))`,
  'CREATE INDEX image_names_image ON image_names (image)',
  `CREATE TABLE image_digests (
     repository TEXT NOT NULL,
     digest TEXT NOT NULL,
     image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     PRIMARY KEY (repository, digest))`,
  'CREATE INDEX image_digests_image ON image_digests (image)',
  // An image may be carried by several manifests: each name keeps its own.
  `CREATE TABLE image_targets (
     image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     target TEXT NOT NULL,
     manifest TEXT NOT NULL,
     made_here INTEGER NOT NULL,
     added INTEGER NOT NULL,
     PRIMARY KEY (image, target))`,
  'CREATE INDEX image_targets_target ON image_targets (target)',
  'INSERT INTO image_targets SELECT id, target, manifest, 0, added FROM images',
  `CREATE TABLE target_blobs (
     image TEXT NOT NULL,
     target TEXT NOT NULL,
     digest TEXT NOT NULL,
     size INTEGER NOT NULL,
     PRIMARY KEY (image, target, digest),
     FOREIGN KEY (image, target) REFERENCES image_targets (image, target) ON DELETE CASCADE)`,
  'CREATE INDEX target_blobs_digest ON target_blobs (digest)',
  `INSERT INTO target_blobs
     SELECT image, target, digest, size FROM image_blobs JOIN images ON images.id = image_blobs.image`,
  'DROP TABLE image_blobs',
  "ALTER TABLE image_names ADD COLUMN target TEXT NOT NULL DEFAULT ''",
  'UPDATE image_names SET target = (SELECT target FROM images WHERE images.id = image_names.image)',
  'ALTER TABLE images DROP COLUMN target',
  'ALTER TABLE images DROP COLUMN manifest',
  // What a pull that was broken off has finished.
  'CREATE TABLE image_leases (key TEXT PRIMARY KEY, until INTEGER NOT NULL)',
  // Milliseconds since the epoch; 0 = never since this was recorded.
  'ALTER TABLE images ADD COLUMN used INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE images ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0',
  // Layers and blobs that something other than an image needs: a build's cache.
  'CREATE TABLE image_holds (holder TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (holder, key))',
];
