-- The number of the bucket of a row, the first ones larger by one.
SELECT v, NTILE(3) OVER (ORDER BY v) AS bucket FROM UNNEST([10, 20, 30, 40, 50, 60, 70]) AS v ORDER BY v
