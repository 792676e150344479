-- Takes out the answers to requests that only these keys made.
--
-- erase: the keys to erase, as text
-- rows: the published snapshot
-- keys: the prompt's keys
-- answers: the prompt's answers
{% from 'macros/erasure.sql' import requests_of, requests_of_others -%}
DELETE FROM {{ answers }}
WHERE request_hash IN (
    {{ requests_of(erase, rows, keys) }}
  )
  AND request_hash NOT IN (
    {{ requests_of_others(erase, rows, keys) }}
  )
