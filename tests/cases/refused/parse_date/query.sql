-- Text is read by CAST.
SELECT PARSE_DATE('%Y%m%d', '20240101') AS x
