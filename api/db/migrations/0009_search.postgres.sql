-- Named as on SQLite, where a full-text table has a rowid.
CREATE TABLE search_index (
  rowid INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject TEXT NOT NULL,
  tokens TSVECTOR NOT NULL
);
CREATE INDEX search_index_tokens ON search_index USING gin (tokens);
