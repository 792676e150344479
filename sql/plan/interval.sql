-- One row: the output tokens and dollars that requests will take, by what answers took so far; NULL where there are fewer than 5.
--
-- queue: the requests to be asked: key, input_tokens as estimated
-- answers: the prompt's answers so far
-- rows: the run's working rows; answers to them count before others
-- runs: the view of runs
-- model: the model that will be asked
-- ratio: input tokens that the model counts for each one estimated, a decimal
-- input_price: USD per million input tokens, or NULL
-- output_price: USD per million output tokens, thoughts included, or NULL
{# A 90% interval by the studentized bootstrap (bootstrap-t; Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
   chapter 12.5). Lengths have a long tail: of 20 answers the percentile bootstrap holds the mean of a log-normal one (sigma 1)
   in 77 of 100 populations, this in 88 (simulated, 400 of each kind); bounds from the normal distribution are short above, where a bill hurts. What is
   added to the book's:
   * The total that is guessed is that of the requests ahead, which vary as the answers do: the spread of the mean is
     sqrt(1/n + 1/requests) of theirs (a prediction, not an estimate).
   * Where output goes with input (r squared above a half, from 10 answers on), a line moves the mean to the input that is
     ahead. The spread is that around a line of half the slope: around the whole line it was too narrow of 20 answers whose
     input has a long tail (78 of 100).
   * A bound is never nearer than Student's. A replicate's own spread is a fifth of the answers' at least, else one without
     any of the long answers stretches the interval to nonsense; and half a token, since tokens are whole.
   Answers below 5 say too little; of 5, long tails are held in 83 of 100. What no answer showed, no interval holds: an
   answer in a hundred that runs to its cap. Deviations are whole numbers: the order of a sum changes nothing. -#}
{% macro lot(number) %}CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256(CAST({{ number }} AS STRING))), 1, 7)) AS INT64){% endmacro -%}
WITH
evidence AS (
  SELECT
    request_hash,
    processed_time,
    input_tokens,
    IFNULL(thought_tokens, 0) AS thoughts,
    IFNULL(output_tokens, 0) + IFNULL(thought_tokens, 0) AS spent,
    request_hash IN (SELECT request_hash FROM {{ rows }} WHERE request_hash IS NOT NULL) AS is_current
  FROM {{ answers }}
  WHERE input_tokens IS NOT NULL AND run_id IN (SELECT run_id FROM {{ runs }} WHERE model = {{ model | literal }})
  QUALIFY ROW_NUMBER() OVER (PARTITION BY request_hash ORDER BY attempt DESC, processed_time DESC) = 1
  ORDER BY is_current DESC, processed_time DESC, request_hash
  LIMIT 1000
),
-- Answers to what was asked before a prompt was changed help out only where there are few to what it asks now. What all of
-- them have in common stands in each row: BigQuery reads a table again wherever a WITH is named.
counted AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY request_hash) - 1 AS place,
    COUNT(*) OVER () AS samples,
    AVG(input_tokens) OVER () AS input_mean,
    AVG(spent) OVER () AS spent_mean
  FROM (SELECT *, COUNTIF(is_current) OVER () AS current_answers FROM evidence)
  WHERE is_current OR current_answers < 10
),
products AS (
  SELECT *, SUM(x * x) OVER () AS xx, SUM(x * y) OVER () AS xy, SUM(y * y) OVER () AS yy
  FROM (SELECT *, input_tokens - input_mean AS x, spent - spent_mean AS y FROM counted)
),
-- How far each is from what the line of half the slope says, in hundredths of a token.
deviations AS (
  SELECT *, ROUND(100 * (y - slope / 2 * x)) AS deviation
  FROM (SELECT *, IF(samples >= 10 AND xy > 0 AND 2 * xy * xy > xx * yy, xy / xx, 0) AS slope FROM products)
),
told AS (
  SELECT *, IF(variance > 2500, SQRT(variance), 50) AS spread
  FROM (SELECT *, SUM(deviation * deviation) OVER () / GREATEST(1, samples - 1) AS variance FROM deviations)
),
-- 1,000 replicates, of many answers fewer, but 200. Two lots multiplied, one of the replicate and one of the draw, are a
-- third one: so a few hashes make all draws, the same ones on whatever engine.
draws AS (
  SELECT replicate, DIV(MOD(lot * its_lot, 2147483647) * samples, 2147483647) AS place
  FROM (SELECT replicate, {{ lot('replicate') }} AS lot FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS replicate)
  CROSS JOIN (SELECT samples, {{ lot('1001 + place') }} AS its_lot FROM told WHERE samples >= 5)
  WHERE replicate <= 200 OR replicate * samples <= 100000
),
replicates AS (
  SELECT total / SQRT(samples) / IF(variance > least * least, SQRT(variance), least) AS t
  FROM (
    SELECT total, samples, (squares - total * total / samples) / (samples - 1) AS variance, GREATEST(50, spread / 5) AS least
    FROM (
      SELECT
        replicate,
        COUNT(*) AS samples,
        SUM(deviation) AS total,
        SUM(deviation * deviation) AS squares,
        ANY_VALUE(spread) AS spread
      FROM draws
      JOIN told ON told.place = draws.place
      GROUP BY replicate
    )
  )
),
-- How many of its own spreads the mean of a replicate lies beside the mean of all; 1.7 is Student's, of 20.
bounds AS (
  SELECT LEAST(MIN(low), -1.7) AS low, GREATEST(MAX(high), 1.7) AS high
  FROM (
    SELECT PERCENTILE_CONT(t, 0.05) OVER () AS low, PERCENTILE_CONT(t, 0.95) OVER () AS high
    FROM replicates
  )
),
answered AS (
  SELECT
    COUNT(*) AS samples,
    MAX(spent) AS longest,
    SUM(thoughts) / GREATEST(1, SUM(spent)) AS thought_share,
    MAX(input_mean) AS input_mean,
    MAX(spent_mean) AS spent_mean,
    MAX(slope) AS slope,
    MAX(spread) AS spread,
    -- No bounds where all are answers to what is asked now: input grew with the rows then, and not with the prompt.
    IF(LOGICAL_AND(is_current), NULL, MIN(input_tokens)) AS input_least,
    IF(LOGICAL_AND(is_current), NULL, MAX(input_tokens)) AS input_most
  FROM told
),
ahead AS (
  SELECT
    COUNT(*) AS requests,
    CAST(ROUND(IFNULL(SUM(input), 0)) AS INT64) AS input_tokens,
    IFNULL(SUM(IF(input < input_least, input_least, IF(input > input_most, input_most, input)) - input_mean), 0) AS moved
  FROM (SELECT input_tokens * {{ ratio }} AS input FROM {{ queue }})
  CROSS JOIN (SELECT input_least, input_most, input_mean FROM answered)
),
totals AS (
  SELECT
    samples,
    input_tokens,
    longest,
    thought_share,
    GREATEST(0, requests * spent_mean + slope * moved) AS likely,
    spread / 100 * SQRT(requests * (requests + samples) / GREATEST(1, samples)) AS unit,
    low,
    high
  FROM answered
  CROSS JOIN ahead
  CROSS JOIN bounds
),
tokens AS (
  SELECT
    samples,
    input_tokens,
    CAST(ROUND(GREATEST(0, likely - unit * high)) AS INT64) AS output_low,
    IF(samples >= 5, CAST(ROUND(likely) AS INT64), NULL) AS output_likely,
    CAST(ROUND(likely - unit * low) AS INT64) AS output_high,
    IF(samples >= 5, CAST(ROUND(likely * thought_share) AS INT64), NULL) AS thoughts_likely,
    longest
  FROM totals
)
SELECT
  samples,
  input_tokens,
  output_low,
  output_likely,
  output_high,
  thoughts_likely,
  longest,
  {%- for bound in ('low', 'likely', 'high') %}
  input_usd + output_{{ bound }} * output_usd AS usd_{{ bound }}{{ ',' if not loop.last }}
  {%- endfor %}
FROM (
  SELECT
    *,
    input_tokens * CAST({{ input_price }} AS NUMERIC) * NUMERIC '0.000001' AS input_usd,
    CAST({{ output_price }} AS NUMERIC) * NUMERIC '0.000001' AS output_usd
  FROM tokens
)
