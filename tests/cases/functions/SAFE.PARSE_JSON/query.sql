-- The JSON in a text, NULL where it is none: to the letter, so neither NaN, nor a comma too many, nor quotes of another kind.
-- Note: as of PARSE_JSON.
SELECT n, JSON_TYPE(SAFE.PARSE_JSON(s, wide_number_mode => 'round')) AS kind
FROM UNNEST([
  STRUCT(1 AS n, '{"a": 1}' AS s), (2, '{"a": 1,}'), (3, '[1,]'), (4, 'NaN'), (5, '{"a": NaN}'), (6, '[Infinity, -Infinity]'), (7, '{"a": "NaN, [1,]"}'),
  (8, "{'a': 1}"), (9, '{a: 1}'), (10, ''), (11, '01'), (12, '+1'), (13, '.5'), (14, '5.'), (15, '1 2'), (16, '1e308'), (17, '1e309'), (18, '1e-400'),
  (19, r'"\ud83d"'), (20, r'"\ud83d\ude00"'), (21, r'"\x41"'), (22, '"a\nb"'), (23, '"\u007f"'), (24, 'TRUE'), (25, '/* c */ 1'), (26, '{"a": 1, "a": 2}'),
  (27, '\u00a01'), (28, '\ufeff1'), (29, '"abc'), (30, '[1}'), (31, '123456789012345678901234567890'), (32, '[1,,2]'), (33, '{"a" 1}'), (34, NULL)
])
ORDER BY n
