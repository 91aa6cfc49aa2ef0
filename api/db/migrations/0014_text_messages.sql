-- Each try to send a text message, for a day: premium numbers cost money, and whoever makes us call them earns it.
CREATE TABLE text_messages (
  user_id TEXT NOT NULL,
  number TEXT NOT NULL,
  country INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX text_messages_by_user ON text_messages (user_id, at);
CREATE INDEX text_messages_by_number ON text_messages (number, at);
CREATE INDEX text_messages_by_country ON text_messages (country, at);
CREATE INDEX text_messages_by_age ON text_messages (at);
