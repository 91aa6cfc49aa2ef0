-- What somebody chose; everything else is the default of the day.
CREATE TABLE preferences (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  choices TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);
CREATE TABLE preference_changes (
  user_id TEXT NOT NULL REFERENCES users (id),
  version INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  choices TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, version)
);

-- One row for each notification and way out of the app. `rule` is why it stands as it does; `due_at` when it is to be sent.
-- `letter_key` is what a provider knows it by: the same for each try, another for what was folded into a digest.
CREATE TABLE dispatches (
  id TEXT PRIMARY KEY,
  notification_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  channel TEXT NOT NULL CHECK (channel IN ('push', 'email', 'sms')),
  category TEXT NOT NULL,
  priority TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN
    ('queued', 'held', 'attempted', 'sent', 'delivered', 'bounced', 'failed', 'not_sent', 'unknown')),
  rule TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  reason TEXT,
  letter_key TEXT,
  provider_id TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  changed_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX dispatches_by_notification ON dispatches (notification_id, channel);
CREATE INDEX dispatches_held ON dispatches (user_id, channel, due_at) WHERE status = 'held';
CREATE INDEX dispatches_by_letter ON dispatches (letter_key) WHERE letter_key IS NOT NULL;
CREATE INDEX dispatches_recent ON dispatches (user_id, channel, category, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX dispatches_by_provider ON dispatches (channel, provider_id) WHERE provider_id IS NOT NULL;
