CREATE SEQUENCE search_entry;
ALTER TABLE search_entries ALTER COLUMN id SET DEFAULT nextval('search_entry');
-- Named as on SQLite, where a full-text table has a rowid.
CREATE TABLE search_index (
  rowid INTEGER PRIMARY KEY,
  tokens TSVECTOR NOT NULL
);
CREATE INDEX search_index_tokens ON search_index USING gin (tokens);
