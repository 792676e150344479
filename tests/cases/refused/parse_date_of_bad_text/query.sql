-- Text that does not look like the format.
SELECT PARSE_DATE('%Y-%m-%d', s) AS x FROM (SELECT '2024-02-30' AS s)
