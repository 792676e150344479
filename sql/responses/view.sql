-- One row per source row: carried columns, typed output columns, then what became of the row.
--
-- rows: the published snapshot
-- answers: the prompt's answers
-- output: the output columns; none for plain text
-- run_id: the run that published; what it did not ask itself cost it nothing
{% from 'macros/output.sql' import value -%}
{% from 'macros/cost.sql' import millionths -%}
{% from 'macros/answered.sql' import repeated, shown -%}
WITH
repeated AS (
  {{ repeated(answers) }}
),
shown AS (
  {{ shown(answers) }}
)
SELECT
  source.* EXCEPT (request_hash, bqb_null_column, bqb_shared),
  {%+ for column in output -%}
  {{ value(column, 'shown.answer', '$.' ~ column.name) }} AS `{{ column.name }}`,
  {%+ else -%}
  shown.text AS answer,
  {%+ endfor -%}
  CASE
    WHEN source.request_hash IS NULL THEN 'skipped'
    WHEN shown.request_hash IS NULL THEN 'pending'
    ELSE shown.outcome
  END AS _outcome,
  IF(source.request_hash IS NULL, CONCAT('`', source.bqb_null_column, '` is NULL'), shown.error) AS _error,
  shown.text AS _text,
  JSON_VALUE(shown.response, '$.candidates[0].finishReason') AS _finish_reason,
  shown.model AS _model,
  shown.run_id AS _run_id,
  source.request_hash AS _request_hash,
  shown.input_tokens AS _input_tokens,
  shown.output_tokens AS _output_tokens,
  shown.thought_tokens AS _thought_tokens,
  IF(
    shown.run_id = {{ run_id | literal }},
    ({{ millionths('shown.') }}) / (1000000 * source.bqb_shared),
    0
  ) AS _cost_usd
FROM {{ rows }} AS source
LEFT JOIN shown ON shown.request_hash = source.request_hash
