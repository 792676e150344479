-- Every other column goes to the snapshot in its own type; the key may be a DATE.
SELECT
  day AS key,
  42 AS i,
  0.1 AS f,
  NUMERIC '1.50' AS n,
  TRUE AS b,
  'text' AS s,
  DATETIME '2026-01-02T03:04:05' AS dt,
  TIME '03:04:05.5' AS t,
  TIMESTAMP '2026-01-02 03:04:05+00' AS ts,
  CAST('bytes' AS BYTES) AS raw,
  PARSE_JSON('{"b": [1, 2.5, null], "a": "é"}', wide_number_mode => 'round') AS j,
  ['x', 'y'] AS tags,
  STRUCT(1 AS x, ['z'] AS y) AS s1,
  CAST(NULL AS STRING) AS nothing,
  {{ prompt('What happened on {day}?') }} AS prompt
FROM (SELECT DATE '1969-07-20' AS day UNION ALL SELECT DATE '1989-11-09')
