-- Who belongs to the pool: members.db. Hashes, ids and keys are bytes; times are milliseconds since 1970.

-- The pool that this node is in: one line, or none. It comes and goes in one transaction with the rows and the secrets' use,
-- so it alone decides whether the node is in a pool.
CREATE TABLE pool (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  -- Hash of the genesis row; its first 16 bytes are the pool's id.
  genesis BLOB NOT NULL CHECK (length(genesis) = 32),
  -- The pool's name as pairing told it, for the time before the catalog has come.
  name    TEXT NOT NULL
) STRICT;

-- Member and epoch rows, the grow-only set. Only rows whose signature was verified come in, each after the admission that it
-- was signed under: reading in order of sequence never meets a row before what it rests on.
CREATE TABLE member_rows (
  sequence INTEGER PRIMARY KEY,
  hash     BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  -- The row as it travels.
  bytes    BLOB NOT NULL
) STRICT;

-- Invites that this node gave out. Kept for a while when used or expired, so that a late code is not called wrong.
CREATE TABLE invites (
  -- Derived from the code; names the invite without telling the key.
  tag        BLOB PRIMARY KEY CHECK (length(tag) = 16),
  -- Both sides prove that they know it.
  key        BLOB NOT NULL CHECK (length(key) = 32),
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  -- Proofs by someone who knew the tag and not the key.
  failures   INTEGER NOT NULL DEFAULT 0,
  -- The node that proved it. Durable before the pool's secrets are sent.
  spent_by   BLOB
) STRICT, WITHOUT ROWID;

-- Addresses (host:port) that worked before or that a person typed.
CREATE TABLE addresses (
  node      BLOB NOT NULL CHECK (length(node) = 16),
  address   TEXT NOT NULL,
  typed     INTEGER NOT NULL CHECK (typed IN (0, 1)),
  -- When it last worked.
  worked_ms INTEGER,
  PRIMARY KEY (node, address)
) STRICT, WITHOUT ROWID;
