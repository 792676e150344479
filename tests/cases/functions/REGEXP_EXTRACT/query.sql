-- The first match of a pattern, or of its group; NULL where there is none.
-- Note: the pattern is a literal whose group takes part in every match.
SELECT
  n,
  REGEXP_EXTRACT(s, r'\d+') AS whole,
  REGEXP_EXTRACT(s, r'[a-z]+(\d*)') AS of_group,
  REGEXP_EXTRACT(s, r'[(](.)') AS bracket_in_a_class,
  REGEXP_EXTRACT(s, r'(?:a|b)(?P<rest>.*)') AS named,
  REGEXP_EXTRACT(s, r'x*') AS may_be_empty
FROM UNNEST([STRUCT(1 AS n, 'foo123bar4' AS s), (2, 'foo'), (3, 'a(😀'), (4, ''), (5, 'é'), (6, NULL)])
ORDER BY n
