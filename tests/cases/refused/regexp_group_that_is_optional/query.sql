-- GoogleSQL gives NULL where a group took no part, DuckDB an empty text.
SELECT REGEXP_EXTRACT('foo', r'foo(\d+)?') AS x
