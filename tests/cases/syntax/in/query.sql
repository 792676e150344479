-- IN a list, an array, a query; NULL makes a miss unknown.
SELECT
  n,
  v IN (1, 2) AS listed, v NOT IN (1, 2) AS not_listed, v IN (1, NULL) AS with_null, v NOT IN (1, NULL) AS not_with_null,
  v IN UNNEST([1, 2]) AS in_array, v NOT IN UNNEST(a) AS not_in_array,
  v IN (SELECT e FROM UNNEST([1, 2]) AS e) AS in_query, v NOT IN (SELECT e FROM UNNEST([1, NULL]) AS e) AS not_in_query
FROM (SELECT 1 AS n, 1 AS v, [5] AS a UNION ALL SELECT 2, 3, [3, NULL] UNION ALL SELECT 3, NULL, [] UNION ALL SELECT 4, 3, CAST(NULL AS ARRAY<INT64>))
ORDER BY n
