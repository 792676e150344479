-- Takes these keys out of the snapshot.
--
-- erase: the keys to erase, as text
-- rows: the published snapshot
{% from 'macros/erasure.sql' import listed -%}
DELETE FROM {{ rows }}
WHERE CAST(key AS STRING) IN ({{ listed(erase) }})
