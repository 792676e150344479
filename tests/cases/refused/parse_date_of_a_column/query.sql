-- A format to read by that is not written out can't be checked.
SELECT PARSE_DATE(f, '2024') AS x FROM (SELECT '%Y' AS f)
