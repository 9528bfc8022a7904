-- Views: everything that is derived from rows (and, for the chunk index, from segments and claims). Each table changes in the
-- transaction of its cause and can be built anew from the rows. The rules are told in engine/catalog/views/.
--
-- Everything has a small local number, so that mapping tables and indexes stay small. A `slot` is the first 47 bits of an id:
-- an index over slots is a third of one over ids, and those who look up compare the whole id. Numbers and slots never
-- leave the node. Stamps are blobs of 28 bytes whose order is their order in time.

-- ---------------------------------------------------------------- the tree

CREATE TABLE entry (
  -- 0 is the root, 1 is /Recovered; neither has a birth row. Never reused: the index of names depends on it.
  number         INTEGER PRIMARY KEY,
  slot           INTEGER NOT NULL,
  id             BLOB NOT NULL CHECK (length(id) = 16),
  -- 0 while its birth row is not known (other rows name it), 1 folder, 2 file.
  kind           INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),

  -- The location in force: the birth's, or the location row's (moved = 1).
  parent         INTEGER,
  name           TEXT,
  location_stamp BLOB,
  moved          INTEGER NOT NULL DEFAULT 0,

  -- The trash row, if any. trashed = 0 after a restore.
  trash_stamp    BLOB,
  trashed        INTEGER,
  trash_version  BLOB,
  trash_by       BLOB,
  trash_ms       INTEGER,

  -- Where it hangs: its parent, or 1 (/Recovered), or null when it is deleted by its own trash row or not born. An entry is live
  -- if this chain ends at 0; a folder's trash row touches the folder only, whatever is inside.
  place          INTEGER,
  -- Case-folded NFC of the name.
  fold           TEXT,
  -- The greatest stamp of its location, its versions and its restore.
  touched        BLOB,
  -- Of files: id of the current version, number of heads, and that version's size.
  version        BLOB,
  heads          INTEGER NOT NULL DEFAULT 0,
  size           INTEGER NOT NULL DEFAULT 0,
  -- Milliseconds since 1970: the current version's, for folders the time part of the location stamp.
  modified       INTEGER NOT NULL DEFAULT 0,
  -- The trash row's stamp if this row deletes the entry, else null.
  binned         BLOB,
  -- What its policy asks for: bit 0 as the pool's default says, bit n for n copies.
  wanted         INTEGER NOT NULL
) STRICT;
CREATE INDEX entry_by_slot ON entry (slot);
-- Listing a folder in three orders; also finding a name and its twins.
CREATE INDEX entry_by_name ON entry (place, kind, fold, id) WHERE place IS NOT NULL;
CREATE INDEX entry_by_size ON entry (place, size, id) WHERE place IS NOT NULL AND kind = 2;
CREATE INDEX entry_by_modified ON entry (place, kind, modified, id) WHERE place IS NOT NULL;
-- Entries that do not hang where their rows say: deleted, recovered, or not born.
CREATE INDEX entry_detached ON entry (parent) WHERE place IS NOT parent;
-- By wall clock: what came after a folder's trash row.
CREATE INDEX entry_by_touched ON entry (substr(touched, 1, 6));
CREATE INDEX entry_binned ON entry (binned, id) WHERE binned IS NOT NULL;

INSERT INTO entry (number, slot, id, kind, parent, name, location_stamp, place, fold, touched, wanted) VALUES
  (0, 0, zeroblob(16), 1, NULL, '', zeroblob(28), NULL, '', zeroblob(28), 1),
  (1, 0, x'00000000000000000000000000000001', 1, 0, 'Recovered', zeroblob(28), NULL, 'recovered', zeroblob(28), 1);

CREATE TABLE version (
  number   INTEGER PRIMARY KEY,
  slot     INTEGER NOT NULL,
  id       BLOB NOT NULL CHECK (length(id) = 16),
  entry    INTEGER NOT NULL,
  -- 1 if it came with the entry's birth row, 0 if with a row of its own.
  birth    INTEGER NOT NULL,
  stamp    BLOB NOT NULL,
  size     INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  author   BLOB NOT NULL,
  -- Ids one after the other: segments of 32 bytes, parents of 16.
  segments BLOB NOT NULL,
  parents  BLOB NOT NULL,
  -- 1 if another known version of the entry names it as parent; the others are the heads.
  followed INTEGER NOT NULL
) STRICT;
CREATE INDEX version_by_slot ON version (slot);
CREATE INDEX version_by_entry ON version (entry, followed);

-- Parents may be unknown, so they stand here by id.
CREATE TABLE version_parent (
  parent  BLOB NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (parent, version)
) STRICT, WITHOUT ROWID;

-- Own policies of entries: the policy row in force.
CREATE TABLE policy (
  entry  INTEGER PRIMARY KEY,
  -- Null: as the folder above.
  copies INTEGER,
  -- Node ids of 16 bytes, one after the other.
  pins   BLOB NOT NULL
) STRICT;

-- Entries whose `wanted` has to be looked at again, with where a folder's content stands. Empty when all is settled.
CREATE TABLE wanted_pending (
  entry      INTEGER PRIMARY KEY,
  -- 1: look into all folders below, also where nothing changed on the way.
  deep       INTEGER NOT NULL,
  -- Null before the entry itself; then the last child that was looked at.
  after_kind INTEGER,
  after_fold TEXT,
  after_id   BLOB
) STRICT;

-- ---------------------------------------------------------------- names for searching

-- Trigrams of folded names, filled in the background: filling it inside small transactions made each of them write a part of
-- the index. Holds names of entries up to the number in `view_state`; entry_name_pending lists those among them that
-- have changed since.
CREATE VIRTUAL TABLE entry_name USING fts5 (
  fold, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE TABLE entry_name_pending (
  entry INTEGER PRIMARY KEY
) STRICT;
CREATE TABLE view_state (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  names_indexed INTEGER NOT NULL
) STRICT;
INSERT INTO view_state (one, names_indexed) VALUES (1, 1);

-- ---------------------------------------------------------------- nodes and settings

CREATE TABLE node_view (
  node        BLOB PRIMARY KEY CHECK (length(node) = 16),
  -- NodeProfile as JSON.
  profile     TEXT,
  presence_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE settings_view (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  -- PoolSettings as JSON.
  settings TEXT NOT NULL
) STRICT;

-- ---------------------------------------------------------------- segments and chunks

CREATE TABLE segment (
  number INTEGER PRIMARY KEY,
  slot   INTEGER NOT NULL,
  id     BLOB NOT NULL CHECK (length(id) = 32),
  -- Bits of `entry.wanted` of all entries that name it; 0 if none does.
  wanted INTEGER NOT NULL,
  -- 1 once sizes and piece hashes were read from its sealed part.
  opened INTEGER NOT NULL,
  -- Null while it is missing. Follows from the id alone, so it survives a rebuild from rows.
  bytes  BLOB
) STRICT;
CREATE INDEX segment_by_slot ON segment (slot);
CREATE INDEX segment_missing ON segment (number) WHERE bytes IS NULL AND wanted <> 0;
CREATE INDEX segment_unopened ON segment (number) WHERE opened = 0 AND bytes IS NOT NULL AND wanted <> 0;

-- Which entries name a segment, by any of their versions.
CREATE TABLE segment_entry (
  segment INTEGER NOT NULL,
  entry   INTEGER NOT NULL,
  PRIMARY KEY (segment, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
  -- The slot of its id, or, if another chunk has that, the next free number: so the order of numbers is that of ids, and the
  -- table is its own index.
  number  INTEGER PRIMARY KEY,
  id      BLOB NOT NULL CHECK (length(id) = 32),
  -- Sealed bytes; 0 while no opened segment has told.
  size    INTEGER NOT NULL,
  pattern INTEGER NOT NULL,
  -- A named segment that lists it; further ones are in chunk_segment. Most chunks have one, and this saves them a table.
  segment INTEGER
) STRICT;
CREATE INDEX chunk_by_pattern ON chunk (pattern);

-- Named segments that list a chunk, beside the one in its row.
CREATE TABLE chunk_segment (
  chunk   INTEGER NOT NULL,
  segment INTEGER NOT NULL,
  PRIMARY KEY (chunk, segment)
) STRICT, WITHOUT ROWID;

-- Slots of piece hashes; the hash itself stays in the sealed part of the segment.
CREATE TABLE piece (
  slot  INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  PRIMARY KEY (slot, chunk)
) STRICT, WITHOUT ROWID;

-- Chunks with equal holders and equal wanted copies share one of these, so that a member's claims are forgotten, the pool's default
-- is changed and the pool's health is told in as many steps as there are patterns. Two may be equal; readers add them up.
CREATE TABLE chunk_pattern (
  number  INTEGER PRIMARY KEY,
  -- Bit n: claimed by the holder with that bit.
  holders INTEGER NOT NULL,
  -- 0: not named; else bit 0 as the pool's default says, and the highest bit of those that ask for a number.
  wanted  INTEGER NOT NULL,
  chunks  INTEGER NOT NULL,
  bytes   INTEGER NOT NULL
) STRICT;

-- Bits of members that have claimed chunks; free again when a member's claims are forgotten.
CREATE TABLE holder (
  bit  INTEGER PRIMARY KEY CHECK (bit BETWEEN 0 AND 62),
  node BLOB NOT NULL UNIQUE CHECK (length(node) = 16)
) STRICT;
