-- SAFE. is taken of PARSE_JSON only.
SELECT SAFE.SUBSTR('abc', 1, -1) AS x
