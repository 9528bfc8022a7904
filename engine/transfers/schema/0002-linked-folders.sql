-- Folders of this computer whose changes go into the pool.
CREATE TABLE linked_folder (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  -- Absolute, on this computer.
  path        TEXT NOT NULL,
  -- Of the folder itself, when it was linked: another one in its place is not taken for it.
  root_id     TEXT NOT NULL,
  -- In the pool, `/` first.
  folder      TEXT NOT NULL,
  -- 1: what is deleted here goes to the pool's trash.
  deletes     INTEGER NOT NULL,
  paused      INTEGER NOT NULL,
  -- JSON: patterns beside those that always hold.
  ignored     TEXT NOT NULL,
  created_ms  INTEGER NOT NULL
) STRICT;

-- What was found in it last and is in the pool. Paths are relative, with `/`; '' is the folder itself.
CREATE TABLE linked_item (
  link         INTEGER NOT NULL REFERENCES linked_folder (number) ON DELETE CASCADE,
  path         TEXT NOT NULL,
  parent       TEXT NOT NULL,
  -- 0: file, 1: folder
  kind         INTEGER NOT NULL,
  file_id      TEXT NOT NULL,
  size         INTEGER NOT NULL,
  modified_ms  INTEGER NOT NULL,
  entry        TEXT NOT NULL,
  -- Of files: the version that was stored.
  version      TEXT,
  PRIMARY KEY (link, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX linked_item_by_parent ON linked_item (link, parent);
CREATE INDEX linked_item_by_file ON linked_item (link, file_id);
