-- The code points of a text.
SELECT n, TO_CODE_POINTS(s) AS codes
FROM UNNEST([STRUCT(1 AS n, 'aé😀' AS s), (2, ''), (3, '\n'), (4, NULL)])
ORDER BY n
