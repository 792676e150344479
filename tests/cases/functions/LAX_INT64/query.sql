-- What JSON is as INT64, NULL where it is nothing of the kind.
SELECT n, LAX_INT64(j) AS value, LAX_INT64((JSON '{"a": 1}').a) AS field
FROM UNNEST([
  STRUCT(1 AS n, JSON '{}' AS j), (2, JSON '"12"'), (3, JSON '" 1.6 "'), (4, JSON '1'), (5, JSON '1.50'), (6, JSON '-2.5'), (7, JSON 'true'), (8, JSON 'false'), (9, JSON 'null'),
  (10, JSON '[1]'), (11, JSON '"TRUE"'), (12, JSON '1e30'), (13, JSON '"1e2"'), (14, JSON '"0x1F"'), (15, JSON '"nan"'), (16, JSON '"-inf"'), (17, JSON '0'), (18, JSON '""'),
  (19, JSON '9223372036854775807'), (20, JSON '"9223372036854775807"'), (21, JSON '18446744073709551615'), (22, JSON '1e-7'), (23, JSON '"é\\n"'), (24, NULL), (25, JSON '"9223372036854775808"'), (26, JSON '-0.0')
])
ORDER BY n
