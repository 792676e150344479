-- WITH: queries by name, each seeing those before it.
WITH
  numbers AS (SELECT n FROM UNNEST([1, 2, 3]) AS n),
  doubled AS (SELECT n, n * 2 AS twice FROM numbers),
  `select` AS (SELECT SUM(twice) AS total FROM doubled)
SELECT n, twice, total FROM doubled, `select` ORDER BY n
