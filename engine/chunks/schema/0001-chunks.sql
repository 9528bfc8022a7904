-- The replicas on this node's disk (chunks.db). A row here is the claim to hold a chunk: it is written after the bytes are
-- durable and removed before they are deleted. Keys are small integers, because every put touches each index.

CREATE TABLE chunk (
  number     INTEGER PRIMARY KEY,
  -- First 48 bits of the id; the first 16 of them are the bucket by which nodes compare what they hold. The index over it is a
  -- third of one over the id, and ids are random, so each put touches another page of it.
  slot       INTEGER NOT NULL,
  -- BLAKE3 of the sealed bytes. Kept unique by the store, the only writer.
  id         BLOB NOT NULL CHECK (length(id) = 32),
  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0)
) STRICT;

CREATE INDEX chunk_by_slot ON chunk (slot);

-- The sealed bytes of small chunks. A chunk without a row here lies in the file chunks/<2 digits>/<2 digits>/<id>.
CREATE TABLE body (
  number INTEGER PRIMARY KEY REFERENCES chunk ON DELETE CASCADE,
  sealed BLOB NOT NULL
) STRICT;

-- Who needs a chunk although no row of the catalog names it yet.
CREATE TABLE lease (
  chunk        INTEGER NOT NULL REFERENCES chunk ON DELETE CASCADE,
  -- The upload, named by the version that it makes.
  upload       BLOB NOT NULL CHECK (length(upload) = 16),
  writer       BLOB NOT NULL CHECK (length(writer) = 16),
  -- The number that the writer drew at its start; numbers of starts have no order.
  writer_start INTEGER NOT NULL,
  PRIMARY KEY (chunk, upload, writer, writer_start)
) STRICT, WITHOUT ROWID;

CREATE INDEX lease_by_upload ON lease (upload);

-- Files whose chunk was given up and that may still be there; deleted at the latest at the next start.
CREATE TABLE doomed (
  id BLOB PRIMARY KEY CHECK (length(id) = 32)
) STRICT, WITHOUT ROWID;

-- One row. False while a process has the store open: one that dies leaves it so, and the next compares files and rows.
CREATE TABLE closing (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  orderly INTEGER NOT NULL
) STRICT;

INSERT INTO closing (one, orderly) VALUES (1, 0);
