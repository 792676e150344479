-- Characters from a place on, from 1; a negative place counts from the end.
SELECT
  n,
  SUBSTR(s, 2) AS rest,
  SUBSTR(s, 2, 2) AS two,
  SUBSTR(s, 0, 2) AS from_zero,
  SUBSTR(s, -2) AS last_two,
  SUBSTR(s, -30, 2) AS from_before,
  SUBSTR(s, n, 1) AS at_n,
  SUBSTR(s, 2, 0) AS none,
  SUBSTR(s, 30) AS from_behind
FROM UNNEST([STRUCT(1 AS n, 'hello' AS s), (2, 'é😀中x'), (3, 'e\u0301x'), (-1, '👨‍👩‍👧'), (0, ''), (5, NULL)])
ORDER BY n
