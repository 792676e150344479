-- One row per key that the prompt never had.
--
-- erase: the keys to erase, as text
-- rows: the published snapshot
-- keys: the prompt's keys
{% from 'macros/erasure.sql' import listed -%}
SELECT key
FROM UNNEST([{{ listed(erase) }}]) AS key
WHERE key NOT IN (SELECT key FROM {{ keys }})
  AND key NOT IN (SELECT CAST(key AS STRING) FROM {{ rows }})
ORDER BY key
