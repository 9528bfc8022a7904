-- What happened to this node and its pool, for people; the newest limits.activityItems are kept.
CREATE TABLE activity (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Wall clock, milliseconds since 1970.
  at_ms   INTEGER NOT NULL,
  code    TEXT NOT NULL,
  text    TEXT NOT NULL,
  node    TEXT
) STRICT;

-- One row: the pool as it was last looked at (PoolSight as JSON), so that what changes while this node is off is told too.
CREATE TABLE sight (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  text TEXT NOT NULL
) STRICT;
