-- A name that nobody knows, with one that is near.
SELECT STRTS_WITH('abc', 'a') AS x
