-- PARSE_JSON without a mode: numbers come back as they are written.
-- Note: a number of more than 15 characters that is no INT64 is an error, though it may come back.
SELECT n, PARSE_JSON(s) AS made, PARSE_JSON(s, wide_number_mode => 'exact').a
FROM UNNEST([STRUCT(1 AS n, '{"a": 1.5}' AS s), (2, '[12345678901234567890, "123456789012345678901"]'), (3, NULL), (4, '-9223372036854775808'), (5, '1e5')])
ORDER BY n
