-- The day that many days after 1970-01-01.
SELECT n, DATE_FROM_UNIX_DATE(n) AS day FROM UNNEST([0, -1, 19782, -719162, 2932896]) AS n ORDER BY n
