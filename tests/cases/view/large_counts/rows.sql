SELECT key, key AS request_hash, CAST(NULL AS STRING) AS bqb_null_column
FROM UNNEST(['beyond 2^53', 'the dearest', 'most', 'most again']) AS key
