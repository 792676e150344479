-- One row per outcome and kind of error, the most frequent first, with the first key that has it.
--
-- errors: the prompt's view of errors
-- outcomes: the outcomes wanted; none for all
SELECT outcome, error, COUNT(*) AS row_count, MIN(key) AS example_key
FROM (
  SELECT
    _outcome AS outcome,
    key,
    -- Without what differs from row to row: of a service's status its message, of our own words the value at their end.
    CASE
      WHEN _outcome IN ('retryable', 'failed') THEN IFNULL(REPLACE(REGEXP_EXTRACT(_error, r'"message": *"((?:[^"\\]|\\.)+)"'), r'\"', '"'), _error)
      WHEN _outcome IN ('schema_mismatch', 'truncated') THEN REGEXP_REPLACE(_error, r'(: .*| \(.*)$', '')
      ELSE IFNULL(_error, '')
    END AS error
  FROM {{ errors }}
  {%- if outcomes %}
  WHERE _outcome IN ({% for outcome in outcomes %}{{ outcome | literal }}{{ ', ' if not loop.last }}{% endfor %})
  {%- endif %}
)
GROUP BY outcome, error
ORDER BY row_count DESC, outcome, error
