-- What was counted, and the sum of its values, by the span of time (in quarters of an hour, as `start` is) and the bucket
-- of the value. The spans of now stand together, whoever the subject is: those are written all the time, few pages for
-- many subjects.
CREATE TABLE rollups (
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  subject TEXT NOT NULL,
  measure TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (span, start, subject, measure, bucket)
) WITHOUT ROWID;
