-- position is the head of a topic, and last the event there; before is what `last` was until the latest write, for
-- RETURNING tells no old value. What is at or before `pruned` has been swept away.
CREATE TABLE topics (
  topic TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  last TEXT NOT NULL,
  before TEXT,
  pruned INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Stored once, whoever hears it. body is JSON; empty where the subject was edited or deleted since, so that a replay never
-- shows what is gone. ids sort by time: what is old is found by them.
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX events_by_subject ON events (subject);

-- Who hears it, and where in their topic. Clustered by event and not by topic, so that a hundred people told at once are
-- rows of one page at the end instead of on a hundred: each row names the event before it in its topic, and a topic is read
-- backwards from `topics.last`.
CREATE TABLE stream (
  event TEXT NOT NULL,
  topic TEXT NOT NULL,
  position INTEGER NOT NULL,
  before TEXT,
  PRIMARY KEY (event, topic)
) WITHOUT ROWID;

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
