-- One row: how many requests a stretch of the queue has, and how many of them, from its first, fit into what is left at the worst.
--
-- queue: all that the run asks
-- first: the position of its first request
-- last: the position of its last one
-- answers: the prompt's answers; nothing for a first attempt
-- run_id: the run
-- price: USD for a million tokens, and the tiers of long requests
-- ratio: how many tokens one estimated token of input may be at the worst
-- left: USD that is left; nothing where money does not matter
-- tokens: tokens of input that are left; nothing where the service sets no limit
-- size: bytes of JSON that are left; nothing where the service sets no limit
{% from 'macros/cost.sql' import in_force -%}
SELECT
  COUNT(*) AS waiting,
  COUNTIF(affordable) AS affordable,
  COUNTIF(fits) AS requests,
  MAX(IF(fits, position, NULL)) AS last,
  IFNULL(SUM(IF(fits, input_tokens, 0)), 0) AS input_tokens,
  IFNULL(MAX(IF(fits, worst_usd, 0)), 0) AS worst_usd
FROM (
  SELECT
    *,
    affordable
    {%- if tokens is not none %}
      AND running_tokens <= {{ tokens }}
    {%- endif %}
    {%- if size is not none %}
      AND running_bytes <= {{ size }}
    {%- endif %} AS fits
  FROM (
    SELECT *, {{ "worst_usd <= NUMERIC '" ~ left ~ "'" if left is not none else 'TRUE' }} AS affordable
    FROM (
      SELECT
        position,
        input_tokens,
        {%+ if tokens is not none -%}
        SUM(most_input_tokens) OVER (ORDER BY position) AS running_tokens,
        {%+ endif -%}
        {%+ if size is not none -%}
        SUM(bytes) OVER (ORDER BY position) AS running_bytes,
        {%+ endif -%}
        -- A little more than it is: a NUMERIC is rounded at its ninth digit.
        SUM(most_input_tokens * {{ in_force(price, 'input', 'most_input_tokens') }} + most_output_tokens * {{ in_force(price, 'output', 'most_input_tokens') }})
          OVER (ORDER BY position) * NUMERIC '0.000001' + NUMERIC '0.000001' AS worst_usd
      FROM (
        -- No text goes further: sums over all requests would have to hold it.
        SELECT
          key,
          position,
          input_tokens,
          CEIL(input_tokens * NUMERIC '{{ ratio }}') AS most_input_tokens,
          {%+ if size is not none -%}
          -- With the key, and what is around both.
          BYTE_LENGTH(TO_JSON_STRING(request)) + 100 AS bytes,
          {%+ endif -%}
          most_output_tokens
        FROM {{ queue }}
      )
      WHERE position BETWEEN {{ first }} AND {{ last }}
      {%- if answers %}
        AND key NOT IN (SELECT request_hash FROM {{ answers }} WHERE run_id = {{ run_id | literal }})
      {%- endif %}
    )
  )
)
