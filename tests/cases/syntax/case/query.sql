-- CASE with conditions and with a value; the first that is true counts, NULL equals nothing.
SELECT
  n,
  CASE WHEN v > 2 THEN 'much' WHEN v > 0 THEN 'some' ELSE 'none' END AS searched,
  CASE v WHEN 1 THEN 'one' WHEN 3 THEN 'three' END AS simple,
  CASE v WHEN NULL THEN 'never' ELSE 'else' END AS of_null,
  CASE WHEN v > 1 THEN 1 ELSE 2.5 END AS wider,
  CASE WHEN v > 1 THEN NUMERIC '1.5' ELSE 0.5 END AS of_numeric
FROM UNNEST([STRUCT(1 AS n, 1 AS v), (2, 3), (3, 0), (4, NULL)])
ORDER BY n
