-- What somebody was told. title and body are in the person's language; `values` (JSON) are what they were made of, so that
-- a mail or a digest can be written of the same. `cause` is what it is about, as kind and id: "message:12", "ticket:tkt_1".
-- A hidden one goes out by the other ways only: its person wants none of this category in the app.
-- One that groups (group_key) counts further things while it is unread instead of standing beside them.
CREATE TABLE notifications (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  category TEXT NOT NULL CHECK (category IN ('booking', 'payment', 'review', 'system', 'support')),
  priority TEXT NOT NULL CHECK (priority IN ('high', 'medium', 'low')),
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  content TEXT NOT NULL,
  action TEXT,
  booking_id TEXT,
  cause TEXT NOT NULL,
  group_key TEXT,
  dedupe_key TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  active_at INTEGER NOT NULL,
  seen_at INTEGER,
  read_at INTEGER,
  archived_at INTEGER,
  deleted_at INTEGER,
  ends_at INTEGER,
  hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1))
);
CREATE UNIQUE INDEX notifications_by_dedupe ON notifications (user_id, dedupe_key);
CREATE INDEX notifications_by_activity ON notifications (user_id, active_at, id);
CREATE INDEX notifications_by_category ON notifications (user_id, category, active_at, id);
CREATE INDEX notifications_unread ON notifications (user_id, group_key) WHERE read_at IS NULL;
CREATE INDEX notifications_by_cause ON notifications (cause, user_id) WHERE read_at IS NULL;
CREATE INDEX notifications_by_age ON notifications (created_at);

-- How many of a person's are unread and unseen, so that no answer counts rows. Its row is the lock under which somebody's
-- notifications change.
CREATE TABLE notification_counts (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  unread INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
  unseen INTEGER NOT NULL DEFAULT 0 CHECK (unseen >= 0)
);

-- How often each thing happened, so that figures cost the same however much was sent. channel is 'inApp' or a way out.
CREATE TABLE notification_figures (
  user_id TEXT NOT NULL REFERENCES users (id),
  category TEXT NOT NULL,
  priority TEXT NOT NULL,
  channel TEXT NOT NULL,
  status TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (user_id, category, priority, channel, status)
) WITHOUT ROWID;

-- To everybody, a role, or a list of users (JSON). last_user_id is how far it has been told: people are told in chunks.
CREATE TABLE announcements (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  priority TEXT NOT NULL CHECK (priority IN ('high', 'medium', 'low')),
  role TEXT,
  user_ids TEXT,
  author_id TEXT NOT NULL REFERENCES users (id),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER,
  cancelled_at INTEGER,
  last_user_id TEXT NOT NULL DEFAULT '',
  last_cleared_id TEXT NOT NULL DEFAULT '',
  reached INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
CREATE INDEX announcements_by_start ON announcements (starts_at, id);

-- What a customer said of a job, once; rating is null while they have only been asked.
CREATE TABLE feedback (
  booking_id TEXT PRIMARY KEY REFERENCES bookings (id),
  customer_id TEXT NOT NULL REFERENCES users (id),
  provider_id TEXT NOT NULL REFERENCES users (id),
  rating INTEGER CHECK (rating BETWEEN 1 AND 5),
  comment TEXT,
  asked_at INTEGER NOT NULL,
  given_at INTEGER
);
