-- What can be found by words: `subject` is the id of what is found, `tokens` what the index holds of it, kept because
-- FTS5 must be told what it is to forget. Hits come in the order of the id, the newest first.
CREATE TABLE search_entries (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL UNIQUE,
  tokens TEXT NOT NULL
);
