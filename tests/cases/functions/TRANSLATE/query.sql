-- Characters replaced by those at the same place, or taken out.
SELECT n, TRANSLATE(s, 'abé', 'b😀') AS changed, TRANSLATE(s, '', 'x') AS same, TRANSLATE(s, 'a', 'xyz') AS longer
FROM UNNEST([STRUCT(1 AS n, 'abcé' AS s), (2, 'aab'), (3, ''), (4, NULL)])
ORDER BY n
