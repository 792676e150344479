-- A FLOAT64 prints in fifteen digits where these tell it from all others, else in seventeen.
SELECT id AS key, {{ prompt('{f}') }} AS prompt
FROM (
  SELECT 1 AS id, 0.1 + 0.2 AS f UNION ALL SELECT 2, 1 / 3 UNION ALL SELECT 3, 5.9 - 100 + 94.1 UNION ALL SELECT 4, 2 / 3 * 100
  UNION ALL SELECT 5, 88.74 + 1e-14 UNION ALL SELECT 6, 1e22 UNION ALL SELECT 7, 123456789012345680.0 UNION ALL SELECT 8, 1e-5 / 3
)
