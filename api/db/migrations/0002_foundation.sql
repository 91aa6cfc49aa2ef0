CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('probe', '0');

-- revoked_at is in seconds, as `iat` is: tokens issued in that second or before it are refused.
-- auth_changed_at lets every process find the users whose cached tokens it has to forget.
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('provider', 'customer', 'agent', 'admin', 'service')),
  name TEXT NOT NULL,
  email TEXT,
  phone TEXT,
  timezone TEXT,
  locale TEXT,
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  revoked_at INTEGER,
  auth_changed_at INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX users_by_auth_change ON users (auth_changed_at);

CREATE TABLE bookings (
  id TEXT PRIMARY KEY,
  provider_id TEXT NOT NULL REFERENCES users (id),
  customer_id TEXT NOT NULL REFERENCES users (id),
  service TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('requested', 'confirmed', 'in_progress', 'completed', 'cancelled', 'disputed')),
  scheduled_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

-- A room exists as soon as its booking does. Its row is the lock under which everything in the room is written.
-- closes_at: nobody writes from then on; null while the booking goes on.
-- asked_id, asked_at: whose answer is waited for, and since when; turns: how often an answer was.
CREATE TABLE rooms (
  booking_id TEXT PRIMARY KEY REFERENCES bookings (id),
  last_seq INTEGER NOT NULL DEFAULT 0,
  last_message_at INTEGER NOT NULL DEFAULT 0,
  closes_at INTEGER,
  asked_id TEXT REFERENCES users (id),
  asked_at INTEGER NOT NULL DEFAULT 0,
  turns INTEGER NOT NULL DEFAULT 0
);

-- until_seq: a former member reads up to there and hears nothing more; null for a present one. left_with (JSON) is the
-- booking and its people as a former member last saw them.
-- active_at is the room's last activity as far as this member sees it, and status the booking's: here so that a list
-- needs no join to sort and to choose.
-- archived, marked_unread and muted_until are what the member has decided; a message brings an archived room back.
-- added_by: who brought a helper or an agent in; null for the booking's own provider and customer.
CREATE TABLE members (
  booking_id TEXT NOT NULL REFERENCES rooms (booking_id),
  user_id TEXT NOT NULL REFERENCES users (id),
  read_seq INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
  until_seq INTEGER,
  left_with TEXT,
  added_by TEXT REFERENCES users (id),
  active_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
  marked_unread INTEGER NOT NULL DEFAULT 0 CHECK (marked_unread IN (0, 1)),
  muted_until INTEGER,
  PRIMARY KEY (booking_id, user_id)
) WITHOUT ROWID;
-- Holds all that a list chooses by: whoever filters ten thousand rooms reads this and nothing else.
CREATE INDEX members_by_activity
  ON members (user_id, active_at, booking_id, status, archived, unread, marked_unread);
CREATE INDEX members_unread ON members (user_id) WHERE unread > 0;

-- Clustered by room and seq on SQLite: a page of history is one walk. The text of a held message stands elsewhere, so that
-- nothing that reads messages can show it.
-- sender_id is null where the system speaks; latitude and longitude are millionths of a degree, accuracy is in metres.
-- A deleted message stays as an empty one.
CREATE TABLE messages (
  booking_id TEXT NOT NULL REFERENCES rooms (booking_id),
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  sender_id TEXT REFERENCES users (id),
  client_message_id TEXT,
  type TEXT NOT NULL CHECK (type IN ('text', 'image', 'file', 'voice', 'location', 'system')),
  text TEXT NOT NULL,
  latitude INTEGER CHECK (latitude BETWEEN -90000000 AND 90000000),
  longitude INTEGER CHECK (longitude BETWEEN -180000000 AND 180000000),
  accuracy REAL CHECK (accuracy >= 0),
  reply_to TEXT,
  created_at INTEGER NOT NULL,
  edited_at INTEGER,
  deleted_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
  PRIMARY KEY (booking_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (booking_id, sender_id, client_message_id)
  WHERE client_message_id IS NOT NULL;

CREATE TABLE idempotency (
  caller TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status INTEGER,
  body BLOB,
  headers TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (caller, method, path, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
