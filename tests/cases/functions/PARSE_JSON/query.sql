-- The JSON in a text; an error where it is none. Numbers are rounded to what FLOAT64 holds.
-- Note: needs wide_number_mode => 'round', as BigQuery does for such numbers. In a JSON column DuckDB keeps the digits and the order of the fields.
SELECT n, PARSE_JSON(s, wide_number_mode => 'round') AS json, PARSE_JSON(s, wide_number_mode => 'round') IS NULL AS missing
FROM UNNEST([
  STRUCT(1 AS n, r'{"a": [1, 2.5, "é😀", null, true]}' AS s), (2, '[]'), (3, 'null'), (4, '"x"'), (5, ' 1 '), (6, '1.5e3'), (7, '\ufeff{}'), (8, NULL)
])
ORDER BY n
