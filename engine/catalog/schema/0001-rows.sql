-- The rows: the truth of the catalog, all else is derived from them (0002-views.sql).
-- What a row is and how its bytes are laid out: docs/disk-format.md.
CREATE TABLE row (
  number   INTEGER PRIMARY KEY,
  -- First 48 bits of BLAKE3 of the id; the first 16 of them are the bucket of the fingerprints. Small, so that the one index
  -- over all rows stays small: new ids are random, and each insertion touches another page of it.
  slot     INTEGER NOT NULL,
  id       BLOB NOT NULL CHECK (length(id) = 16),
  kind     TEXT NOT NULL,
  register TEXT NOT NULL,
  stamp    BLOB NOT NULL CHECK (length(stamp) = 28),
  epoch    BLOB NOT NULL CHECK (length(epoch) = 16),
  -- BLAKE3 of all the row's bytes: settles equal stamps, feeds the fingerprints.
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  -- The entry to which a version row belongs; null for all other kinds.
  owner    BLOB,
  -- Clear, CBOR; may be empty.
  header   BLOB NOT NULL,
  -- salt(32) | ciphertext | tag(16)
  body     BLOB NOT NULL
) STRICT;

-- Not unique: the key is (id, kind, register), and all rows of an id share a slot. Keys are kept unique by the merge.
CREATE INDEX row_by_slot ON row (slot);
-- For ending an entry with all its versions.
CREATE INDEX row_by_owner ON row (owner) WHERE owner IS NOT NULL;

-- One row. The greatest stamp ever authored or merged here, also if its row has been superseded or removed since.
CREATE TABLE stamp_clock (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  greatest BLOB NOT NULL CHECK (length(greatest) = 28)
) STRICT;

-- The last completed walk with each node: both had then merged all that the other had when it began.
CREATE TABLE walk (
  node        BLOB PRIMARY KEY CHECK (length(node) = 16),
  -- Numbers that the two nodes had drawn at their starts.
  our_start   INTEGER NOT NULL,
  their_start INTEGER NOT NULL,
  -- Wall clock of this node, milliseconds since 1970.
  begun_ms    INTEGER NOT NULL,
  ended_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
