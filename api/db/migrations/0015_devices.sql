-- Where push messages go: a browser's subscription (webpush, with its keys) or an app's registration (fcm).
CREATE TABLE devices (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN ('webpush', 'fcm')),
  address TEXT NOT NULL,
  p256dh TEXT,
  auth TEXT,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
);
CREATE UNIQUE INDEX devices_by_address ON devices (address);
CREATE INDEX devices_by_user ON devices (user_id, id);
