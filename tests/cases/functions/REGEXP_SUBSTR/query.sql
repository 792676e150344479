-- As REGEXP_EXTRACT.
-- Note: as of REGEXP_EXTRACT.
SELECT n, REGEXP_SUBSTR(s, r'\d+') AS digits, REGEXP_SUBSTR(s, r'([a-zé]+)') AS letters
FROM UNNEST([STRUCT(1 AS n, 'abé12' AS s), (2, '12 34'), (3, ''), (4, 'x'), (5, NULL)])
ORDER BY n
