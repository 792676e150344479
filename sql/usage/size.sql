-- One row: how many rows a table has.
--
-- rows: the table
SELECT COUNT(*) AS row_count
FROM {{ rows }}
