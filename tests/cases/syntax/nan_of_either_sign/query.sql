-- NaN has one text, whatever made it; an infinity has two.
SELECT
  n,
  CAST(x - x AS STRING) AS text,
  TO_JSON_STRING(x - x) AS json_text,
  TO_JSON(-x) AS json,
  CAST(-x AS STRING) AS negative,
  FORMAT('%f|%t|%5.1f', x - x, -x, -x) AS formatted
FROM UNNEST([STRUCT(1 AS n, CAST('inf' AS FLOAT64) AS x), (2, CAST('-inf' AS FLOAT64)), (3, CAST('nan' AS FLOAT64)), (4, NULL)])
ORDER BY n
