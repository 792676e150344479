-- One row: what a run has before it, what of it is answered, and what it will ask.
--
-- rows: the run's working rows
-- queue: what is asked of them
-- answers: the prompt's answers so far
-- max_attempts: how often a request without an answer is asked
-- full_refresh: whether everything is asked again
-- retry: outcomes that are asked again too, beside what any run asks
-- limit: the most requests to ask; 0 for all
{% from 'macros/answered.sql' import settled -%}
{% from 'macros/cost.sql' import total -%}
SELECT
  counted.row_count,
  counted.skipped,
  counted.distinct_requests,
  {%+ if limit and not full_refresh -%}
  counted.answered,
  {%+ elif full_refresh -%}
  0 AS answered,
  {%+ else -%}
  counted.distinct_requests - queued.to_ask AS answered,
  {%+ endif -%}
  queued.to_ask,
  queued.input_tokens,
  queued.most_output_tokens,
  (SELECT COUNT(*) FROM {{ answers }}) AS answers
FROM (
  SELECT
    COUNT(*) AS row_count,
    COUNTIF(request_hash IS NULL) AS skipped,
    {%+ if limit and not full_refresh -%}
    COUNT(DISTINCT IF(request_hash IN (
    {{ settled(answers, max_attempts, retry) }}
    ), request_hash, NULL)) AS answered,
    {%+ endif -%}
    COUNT(DISTINCT request_hash) AS distinct_requests
  FROM {{ rows }}
) AS counted
CROSS JOIN (
  SELECT
    COUNT(*) AS to_ask,
    IFNULL({{ total('input_tokens') }}, 0) AS input_tokens,
    IFNULL({{ total('most_output_tokens') }}, 0) AS most_output_tokens
  FROM {{ queue }}
) AS queued
