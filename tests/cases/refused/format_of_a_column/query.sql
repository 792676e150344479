-- A format that is not written out can't be checked.
SELECT FORMAT_DATE(f, DATE '2024-01-01') AS x FROM (SELECT '%Y' AS f)
