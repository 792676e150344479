-- One row: how many requests a stretch of the queue has, and how many of them, from its first, cost less than is left at the worst.
--
-- queue: all that the run asks
-- first: the position of its first request
-- last: the position of its last one
-- answers: the prompt's answers; nothing for a first attempt
-- run_id: the run
-- price: USD for a million tokens, and the tiers of long requests
-- ratio: how many tokens one estimated token of input may be at the worst
-- left: USD that is left
{% from 'macros/cost.sql' import in_force -%}
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
      SUM(most_input_tokens * {{ in_force(price, 'input', 'most_input_tokens') }} + most_output_tokens * {{ in_force(price, 'output', 'most_input_tokens') }})
        OVER (ORDER BY position) * NUMERIC '0.000001' + NUMERIC '0.000001' AS worst_usd
    FROM (
      SELECT *, CEIL(input_tokens * NUMERIC '{{ ratio }}') AS most_input_tokens
      FROM {{ queue }}
    )
    WHERE position BETWEEN {{ first }} AND {{ last }}
    {%- if answers %}
      AND key NOT IN (SELECT request_hash FROM {{ answers }} WHERE run_id = {{ run_id | literal }})
    {%- endif %}
  )
)
