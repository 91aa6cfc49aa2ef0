-- What must happen at a time. A claimed row is leased to one process; when the lease runs out it is due again.
CREATE TABLE due (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  lease TEXT,
  leased_until INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  created_at INTEGER NOT NULL
);
CREATE INDEX due_by_time ON due (due_at) WHERE state = 'waiting';
CREATE INDEX due_dead ON due (id) WHERE state = 'dead';
CREATE UNIQUE INDEX due_once ON due (kind, subject);
CREATE INDEX due_by_lease ON due (lease) WHERE lease IS NOT NULL;
