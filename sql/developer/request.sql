-- One row: the request at a position of the queue, how many tokens it may have, and how many bytes.
--
-- queue: all that the run asks
-- position: the position
-- ratio: how many tokens one estimated token of input may be at the worst
SELECT
  key,
  CAST(CEIL(input_tokens * NUMERIC '{{ ratio }}') AS INT64) AS input_tokens,
  BYTE_LENGTH(TO_JSON_STRING(request)) AS bytes
FROM {{ queue }}
WHERE position = {{ position }}
