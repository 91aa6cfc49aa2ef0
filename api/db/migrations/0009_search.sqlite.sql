-- What can be found by words: `subject` is the id of what is found. Its rowid orders the hits, the newest first.
-- Tokens come folded and cut, with blanks between them: words of letters and digits, and marks, which begin with a dot.
CREATE VIRTUAL TABLE search_index USING fts5(
  subject UNINDEXED, tokens, detail=none, columnsize=0, tokenize="ascii tokenchars '.'"
);
