-- Imports of this node, as they were asked for and how far they are. Counts are of the last run: a run looks at everything again and
-- skips what is there, so nothing here says where to go on.
CREATE TABLE import (
  number          INTEGER PRIMARY KEY AUTOINCREMENT,
  id              TEXT NOT NULL UNIQUE,
  -- JSON: absolute paths on this computer.
  paths           TEXT NOT NULL,
  -- In the pool, `/` first.
  folder          TEXT NOT NULL,
  state           TEXT NOT NULL,
  started_ms      INTEGER NOT NULL,
  finished_ms     INTEGER,
  files_done      INTEGER NOT NULL,
  files_skipped   INTEGER NOT NULL,
  files_total     INTEGER NOT NULL,
  files_failed    INTEGER NOT NULL,
  files_left_out  INTEGER NOT NULL,
  bytes_done      INTEGER NOT NULL,
  bytes_total     INTEGER NOT NULL,
  -- JSON: code, text and hint of why it failed.
  error           TEXT
) STRICT;

-- Files that the last run could not store.
CREATE TABLE failure (
  import  INTEGER NOT NULL REFERENCES import (number) ON DELETE CASCADE,
  path    TEXT NOT NULL,
  code    TEXT NOT NULL,
  text    TEXT NOT NULL
) STRICT;
CREATE INDEX failure_by_import ON failure (import);

-- Files that are stored and do not have all their copies yet.
CREATE TABLE awaited (
  import  INTEGER NOT NULL REFERENCES import (number) ON DELETE CASCADE,
  entry   TEXT NOT NULL,
  PRIMARY KEY (import, entry)
) STRICT, WITHOUT ROWID;
