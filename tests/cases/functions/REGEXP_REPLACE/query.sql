-- A text with all matches of a pattern replaced; \1 is what a group matched, \0 all.
SELECT
  n,
  REGEXP_REPLACE(s, r'\s+', ' ') AS spaces,
  REGEXP_REPLACE(s, r'(\pL)(\d)', r'\2\1') AS swapped,
  REGEXP_REPLACE(s, r'b*', '-') AS of_nothing,
  REGEXP_REPLACE(s, r'\d', r'[\0]') AS whole,
  REGEXP_REPLACE(s, r'a', r'\\') AS backslash
FROM UNNEST([STRUCT(1 AS n, 'a1 \n b2' AS s), (2, 'abbbc'), (3, ''), (4, 'é9😀'), (5, NULL)])
ORDER BY n
