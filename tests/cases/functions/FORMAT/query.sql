-- Values in a text: %d, %s, %t, %f, %e, %g, with width, precision, sign, zeros and groups of thousands.
-- Note: its format is a literal of %d %i %s %t %f %e %g; no %T %x %o, and no array or STRUCT.
SELECT
  n,
  FORMAT('%d|%5d|%-5d|%05d|%+d|% d|%i', i, i, i, i, i, i, i) AS whole,
  FORMAT("%'d|%'12d|%'.2f", i, i, f) AS grouped,
  FORMAT('%s|%5s|%-5s|%.1s|%%', s, s, s, s) AS texts,
  FORMAT('%f|%.0f|%.2f|%8.3f|%-8.1f|%+.1f|%08.2f', f, f, f, f, f, f, f) AS fixed,
  FORMAT('%e|%g|%.3g|%E|%G', f, f, f, f, f) AS floats,
  FORMAT('%.2f|%f|%.0f|%10.1f', m, m, m, m) AS of_numeric,
  FORMAT('%t|%t|%t|%t|%6t', i, f, s, m, b) AS plain,
  FORMAT('%t|%t|%t', DATE '2024-01-02', TIMESTAMP '2024-01-02 03:04:05.6', NULL) AS times,
  FORMAT('nothing') AS nothing
FROM UNNEST([
  STRUCT(1 AS n, 42 AS i, 2.675 AS f, 'éa' AS s, NUMERIC '1.005' AS m, TRUE AS b), (2, -1234567, -0.04, '😀', NUMERIC '-0.04', FALSE), (3, 0, 0.0, '', 0, TRUE),
  (4, NULL, NULL, NULL, NULL, NULL), (5, 9223372036854775807, 1e22, 'long text', NUMERIC '123456789.987654321', TRUE), (8, 0, -0.0, "", 0, TRUE), (6, 1000, CAST('nan' AS FLOAT64), '%d', 2.5, TRUE),
  (7, 7, CAST('-inf' AS FLOAT64), 'x', NUMERIC '-0.5', TRUE)
])
ORDER BY n
