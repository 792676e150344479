-- One row: what there is of some keys, and what of it is kept.
--
-- erase: the keys to erase, as text
-- rows: the published snapshot
-- keys: the prompt's keys
-- answers: the prompt's answers
{% from 'macros/erasure.sql' import listed, requests_of, requests_of_others -%}
WITH
asked AS (
    {{ requests_of(erase, rows, keys) }}
),
others AS (
    {{ requests_of_others(erase, rows, keys) }}
)
SELECT
  (SELECT COUNT(*) FROM {{ rows }} WHERE CAST(key AS STRING) IN ({{ listed(erase) }})) AS `rows`,
  (SELECT COUNT(*) FROM {{ keys }} WHERE key IN ({{ listed(erase) }})) AS `keys`,
  COUNTIF(
    request_hash IN (SELECT request_hash FROM asked) AND request_hash NOT IN (SELECT request_hash FROM others)
  ) AS answers,
  COUNTIF(request_hash IN (SELECT request_hash FROM asked) AND request_hash IN (SELECT request_hash FROM others)) AS shared,
  COUNTIF(
    request_hash NOT IN (SELECT request_hash FROM asked) AND request_hash NOT IN (SELECT request_hash FROM others)
  ) AS unpublished
FROM {{ answers }}
