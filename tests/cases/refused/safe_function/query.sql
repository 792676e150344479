-- SAFE. is taken of PARSE_DATE, PARSE_JSON and the like.
SELECT SAFE.SUBSTR('abc', 1, -1) AS x
