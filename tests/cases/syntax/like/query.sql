-- LIKE: % is any text, _ any character, a backslash takes their meaning away.
SELECT
  n, s LIKE 'a%' AS starts, s LIKE '%b' AS ends, s LIKE 'a_b' AS one_between, s LIKE r'a\%b' AS percent, s LIKE 'a\\_b' AS underscore, s NOT LIKE '%é%' AS without, s LIKE '' AS empty
FROM UNNEST([STRUCT(1 AS n, 'a%b' AS s), (2, 'a_b'), (3, 'a😀b'), (4, 'A%B'), (5, 'aé\nb'), (6, ''), (7, NULL)])
ORDER BY n
