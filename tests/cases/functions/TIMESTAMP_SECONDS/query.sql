-- The moment that many seconds after the start of 1970.
SELECT n, TIMESTAMP_SECONDS(n) AS moment FROM UNNEST([0, 1, -1, 1709251199, 253402300799, -62135596800]) AS n ORDER BY n
