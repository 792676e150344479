-- A script is not one query.
DECLARE x INT64 DEFAULT 1;
SELECT x AS y
