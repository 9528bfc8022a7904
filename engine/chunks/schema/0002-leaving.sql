-- Replicas that this node is about to give up: they take no touch and pledge nothing. Cleared at each start, since nothing that was
-- under way survives one. Beside the leases, so that one transaction sees both: a leased replica is never marked.
CREATE TABLE leaving (
  chunk INTEGER PRIMARY KEY REFERENCES chunk ON DELETE CASCADE,
  -- Which attempt to give it up; each has a number of its own, so that an older one cannot finish on a younger mark.
  mark  INTEGER NOT NULL
) STRICT;
