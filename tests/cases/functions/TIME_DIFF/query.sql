-- How many whole parts lie between two times of day.
SELECT n, TIME_DIFF(a, b, HOUR) AS hours, TIME_DIFF(a, b, MINUTE) AS minutes, TIME_DIFF(a, b, SECOND) AS seconds, TIME_DIFF(a, b, MILLISECOND) AS milliseconds, TIME_DIFF(a, b, MICROSECOND) AS microseconds
FROM UNNEST([STRUCT(1 AS n, TIME '10:00:00' AS a, TIME '10:59:59.9' AS b), (2, TIME '23:59:59.999999', TIME '00:00:00'), (3, NULL, TIME '10:00:00'), (4, TIME '10:00:00.5', TIME '09:00:00.6')])
ORDER BY n
