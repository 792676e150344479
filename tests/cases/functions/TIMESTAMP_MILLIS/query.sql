-- The moment that many milliseconds after the start of 1970.
SELECT n, TIMESTAMP_MILLIS(n) AS moment FROM UNNEST([0, 1, -1, 1709251199999, 253402300799999]) AS n ORDER BY n
