-- What a user lets others see; without a row, all of it.
CREATE TABLE privacy (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  receipts INTEGER NOT NULL CHECK (receipts IN (0, 1)),
  typing INTEGER NOT NULL CHECK (typing IN (0, 1)),
  presence INTEGER NOT NULL CHECK (presence IN (0, 1)),
  version INTEGER NOT NULL
);

-- How far a member's devices have been sent a room. Apart from `members`, so that whoever moves it never waits for a
-- message that is being written, nor the other way round.
CREATE TABLE deliveries (
  booking_id TEXT NOT NULL REFERENCES rooms (booking_id),
  user_id TEXT NOT NULL REFERENCES users (id),
  seq INTEGER NOT NULL,
  PRIMARY KEY (booking_id, user_id)
) WITHOUT ROWID;

-- Where somebody is while they share it: the last position only, in millionths of a degree; accuracy in metres.
CREATE TABLE locations (
  booking_id TEXT NOT NULL REFERENCES rooms (booking_id),
  user_id TEXT NOT NULL REFERENCES users (id),
  latitude INTEGER NOT NULL CHECK (latitude BETWEEN -90000000 AND 90000000),
  longitude INTEGER NOT NULL CHECK (longitude BETWEEN -180000000 AND 180000000),
  accuracy INTEGER CHECK (accuracy >= 0),
  updated_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (booking_id, user_id)
) WITHOUT ROWID;
