-- The days from 1970-01-01 to a day.
SELECT n, UNIX_DATE(d) AS days FROM UNNEST([STRUCT(1 AS n, DATE '1970-01-01' AS d), (2, DATE '1969-12-31'), (3, DATE '9999-12-31'), (4, NULL)]) ORDER BY n
