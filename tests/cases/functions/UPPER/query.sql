-- Capital letters by Unicode's full mapping: ß becomes SS.
SELECT n, UPPER(s) AS upper
FROM UNNEST([STRUCT(1 AS n, 'abc XYZ' AS s), (2, 'straße'), (3, 'àéî'), (4, 'ﬃ'), (5, 'ıi'), (6, 'ΐ'), (7, 'дж'), (8, 'ǆ'), (9, '中😀1'), (10, ''), (11, NULL)])
ORDER BY n
