-- What can be found by words: `subject` is the id of what is found. Its rowid orders the hits, the newest first.
-- Tokens come folded and cut, with blanks between them: words of letters and digits, and marks, which begin with a dot.
-- Lists for the first two and three letters: else the beginning of a word costs all the messages that have such a word.
CREATE VIRTUAL TABLE search_index USING fts5(
  subject UNINDEXED, tokens, detail=none, columnsize=0, prefix='2 3', tokenize="ascii tokenchars '.'"
);
