-- One row: temporary.
SELECT 0 AS samples, CAST(NULL AS INT64) AS output_likely
