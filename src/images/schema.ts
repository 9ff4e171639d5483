/**
 * Tables of the images noun. An image is its config (the id); a manifest is one way to carry it; names point at images.
 * `image_blobs` says which blobs an image keeps alive, `image_layers` which layers have been unpacked for some image.
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
  // Milliseconds since the epoch; 0 = never since this was recorded.
  'ALTER TABLE images ADD COLUMN used INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE images ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0',
];
