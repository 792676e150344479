-- Takes these keys out of the prompt's keys.
--
-- erase: the keys to erase, as text
-- keys: the prompt's keys
{% from 'macros/erasure.sql' import listed -%}
DELETE FROM {{ keys }}
WHERE key IN ({{ listed(erase) }})
