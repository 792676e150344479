-- Whether a pattern matches somewhere in a text. Both engines use RE2.
SELECT
  n,
  REGEXP_CONTAINS(s, r'a.b') AS any_character,
  REGEXP_CONTAINS(s, r'^\d+$') AS digits,
  REGEXP_CONTAINS(s, r'(?i)É') AS whatever_case,
  REGEXP_CONTAINS(s, r'\pL') AS letter,
  REGEXP_CONTAINS(s, '') AS empty_pattern,
  REGEXP_CONTAINS(s, s) AS itself
FROM UNNEST([STRUCT(1 AS n, 'a😀b' AS s), (2, '123'), (3, 'a\nb'), (4, 'é'), (5, ''), (6, '中'), (7, NULL)])
ORDER BY n
