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

-- What the platform has told us, as it came. data is JSON.
CREATE TABLE platform_events (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('booking.created', 'booking.status_changed', 'payment.received',
    'withdrawal.status_changed', 'review.created', 'rating.updated', 'system.announcement')),
  user_id TEXT REFERENCES users (id),
  booking_id TEXT REFERENCES bookings (id),
  occurred_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  received_at INTEGER NOT NULL
);
CREATE INDEX platform_events_by_age ON platform_events (received_at, id);

-- The quick responses that people made for themselves. The four of the platform are in the code.
CREATE TABLE quick_responses (
  owner_id TEXT NOT NULL REFERENCES users (id),
  key TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (owner_id, key)
) WITHOUT ROWID;
