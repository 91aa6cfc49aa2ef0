-- What the filter found in the text of a message: one row for each text that it did not simply let pass. `text` is as it
-- was written, `shown` what others see of it, at once or when it is released.
CREATE TABLE filtered (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages (id),
  version INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('flag', 'warn', 'mask', 'hold')),
  state TEXT NOT NULL CHECK (state IN ('passed', 'held', 'released', 'rejected', 'withdrawn')),
  text TEXT NOT NULL,
  shown TEXT NOT NULL,
  findings TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  decided_by TEXT REFERENCES users (id),
  decided_at INTEGER
);
CREATE UNIQUE INDEX filtered_by_message ON filtered (message_id, version);
CREATE INDEX filtered_held ON filtered (id) WHERE state = 'held';
