-- All matches of a pattern, or of its group.
-- Note: the pattern is a literal that can't match nothing, as `x*` can.
SELECT n, REGEXP_EXTRACT_ALL(s, r'\d+') AS whole, REGEXP_EXTRACT_ALL(s, r'[a-z](\d*)') AS of_group, REGEXP_EXTRACT_ALL(s, r'(?s).') AS characters
FROM UNNEST([STRUCT(1 AS n, 'a1b22c' AS s), (2, 'foo'), (3, ''), (4, 'é😀\n'), (5, NULL)])
ORDER BY n
