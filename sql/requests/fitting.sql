-- One row: how many requests a stretch of the queue has, and how many of them, from its first, cost less than is left at the worst.
--
-- queue: all that the run asks
-- first: the position of its first request
-- last: the position of its last one
-- answers: the prompt's answers; nothing for a first attempt
-- run_id: the run
-- input_price: USD for a million tokens
-- output_price: USD for a million tokens
-- ratio: how many tokens one estimated token of input may be at the worst
-- left: USD that is left
SELECT
  COUNT(*) AS waiting,
  COUNTIF(fits) AS requests,
  MAX(IF(fits, position, NULL)) AS last,
  IFNULL(SUM(IF(fits, input_tokens, 0)), 0) AS input_tokens,
  IFNULL(MAX(IF(fits, worst_usd, 0)), 0) AS worst_usd
FROM (
  SELECT position, input_tokens, worst_usd, worst_usd <= NUMERIC '{{ left }}' AS fits
  FROM (
    SELECT
      position,
      input_tokens,
      -- A little more than it is: a NUMERIC is rounded at its ninth digit.
      SUM(
        CEIL(input_tokens * NUMERIC '{{ ratio }}') * NUMERIC '{{ input_price }}' + most_output_tokens * NUMERIC '{{ output_price }}'
      ) OVER (ORDER BY position) * NUMERIC '0.000001' + NUMERIC '0.000001' AS worst_usd
    FROM {{ queue }}
    WHERE position BETWEEN {{ first }} AND {{ last }}
    {%- if answers %}
      AND key NOT IN (SELECT request_hash FROM {{ answers }} WHERE run_id = {{ run_id | literal }})
    {%- endif %}
  )
)
