-- blob and thumbnail are the random names on disk; key_id names the key that sealed them, so that a rotation finds what is
-- left of an old one. subject is what the file hangs on, in the words of its purpose (a message, a report), and place its
-- order there; null while it hangs on nothing.
CREATE TABLE files (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES users (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('chat', 'ticket', 'evidence')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'ready', 'quarantined')),
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  width INTEGER,
  height INTEGER,
  duration_seconds REAL,
  blob TEXT NOT NULL,
  thumbnail TEXT,
  key_id TEXT NOT NULL,
  subject TEXT,
  place INTEGER,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX files_by_blob ON files (blob);
CREATE UNIQUE INDEX files_by_thumbnail ON files (thumbnail) WHERE thumbnail IS NOT NULL;
CREATE INDEX files_by_subject ON files (subject, purpose, place) WHERE subject IS NOT NULL;
CREATE INDEX files_loose ON files (created_at) WHERE subject IS NULL;
CREATE INDEX files_by_key ON files (key_id, id);

-- How much each user has stored; its row is the lock under which one more is let in.
CREATE TABLE file_usage (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  files INTEGER NOT NULL CHECK (files >= 0),
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
);
