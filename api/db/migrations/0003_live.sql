-- position is the head of a topic; what is at or before `pruned` has been swept away.
CREATE TABLE topics (
  topic TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  pruned INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- body is JSON; empty where the subject was edited or deleted since, so that a replay never shows what is gone.
-- Not clustered by topic: rows of a hundred people told at once lie on one page at the end instead of on a hundred.
CREATE TABLE stream (
  topic TEXT NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (topic, position)
);
CREATE INDEX stream_by_subject ON stream (subject);
CREATE INDEX stream_by_age ON stream (at);

-- One row for each connected device; seen_at is refreshed by its process and dies with it.
CREATE TABLE sockets (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  node TEXT NOT NULL,
  device TEXT NOT NULL,
  connected_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
);
CREATE INDEX sockets_by_user ON sockets (user_id);
CREATE INDEX sockets_by_node ON sockets (node, ended);

CREATE TABLE presence (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  seen_at INTEGER NOT NULL
);
