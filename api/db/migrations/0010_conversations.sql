-- The words by which a member finds a room: its booking and the others in it, each with a blank behind it, so that a whole
-- word and the beginning of one are both found between two values.
CREATE TABLE room_words (
  user_id TEXT NOT NULL REFERENCES users (id),
  word TEXT NOT NULL,
  booking_id TEXT NOT NULL REFERENCES rooms (booking_id),
  PRIMARY KEY (user_id, word, booking_id)
) WITHOUT ROWID;
CREATE INDEX room_words_by_room ON room_words (booking_id, user_id);

CREATE TABLE blocks (
  user_id TEXT NOT NULL REFERENCES users (id),
  blocked_id TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, blocked_id)
) WITHOUT ROWID;
CREATE INDEX blocks_by_blocked ON blocks (blocked_id);
