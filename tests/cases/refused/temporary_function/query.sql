-- A function of the user's own is not one query.
CREATE TEMP FUNCTION twice(x INT64) AS (x * 2);
SELECT twice(1) AS x
