-- Tokens come folded and cut, with blanks between them: words of letters and digits, and marks, which begin with a dot.
CREATE VIRTUAL TABLE search_index USING fts5(
  tokens, content='', detail=none, columnsize=0, tokenize="ascii tokenchars '.'"
);
