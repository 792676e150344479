-- The text of the scalar at a path; NULL where there is none, or JSON's null.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON. Of numbers from 1e16 on the last digit may differ.
SELECT
  n,
  JSON_VALUE(j, '$.a') AS field,
  JSON_VALUE(j, '$.a.b') AS inner_field,
  JSON_VALUE(j, '$[1]') AS item,
  JSON_VALUE(j, '$."the name"') AS quoted,
  JSON_VALUE(j) AS at_the_root
FROM (
  SELECT n, PARSE_JSON(t, wide_number_mode => 'round') AS j
  FROM UNNEST([
    STRUCT(1 AS n, r'{"a": "é😀\n\"\u00e9", "the name": "x"}' AS t), (2, r'{"a": {"b": "c"}}'), (3, r'{"a": null}'), (4, r'{"a": true}'),
    (5, r'{"a": 1.50}'), (6, r'{"a": 1e2}'), (7, r'{"a": 1e15}'), (8, r'{"a": 1e-7}'), (9, r'{"a": 0.00001}'), (10, r'{"a": -0}'),
    (11, r'{"a": -0.0}'), (12, r'{"a": 123456789012345678901234567890}'), (13, r'{"a": 18446744073709551615}'), (14, r'{"a": 1e300}'),
    (15, r'{"a": 12345678901234567}'), (16, r'{"a": "1e2"}'), (17, r'{"a": "", "A": "up"}'), (18, r'[1, "two"]'), (19, r'"root"'),
    (20, r'{"a": "first", "a": "second"}'), (21, r'{"a": "\ud83d\ude00"}'), (22, NULL)
  ])
)
ORDER BY n
