-- What a message said before each change of it. Only reviewers read this.
CREATE TABLE message_versions (
  message_id TEXT NOT NULL REFERENCES messages (id),
  version INTEGER NOT NULL,
  text TEXT NOT NULL,
  replaced_at INTEGER NOT NULL,
  PRIMARY KEY (message_id, version)
) WITHOUT ROWID;

-- Which change of its booking a system message tells of, and by whom it was reported: the record of the booking, or an
-- event for a user.
CREATE TABLE notices (
  booking_id TEXT NOT NULL REFERENCES rooms (booking_id),
  seq INTEGER NOT NULL,
  change TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (booking_id, seq, source)
) WITHOUT ROWID;
