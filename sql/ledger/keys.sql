-- No rows: the columns of `__keys`.
SELECT '' AS run_id, '' AS key, '' AS request_hash
FROM UNNEST([1]) AS nothing
WHERE FALSE
