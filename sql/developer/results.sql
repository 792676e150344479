-- One row per line of result files: the result it is, or the reason why it is none, and the line itself then.
--
-- lines: the lines: line_id, file, number, line
{% from 'macros/results.sql' import results -%}
SELECT
  * EXCEPT (line),
  IF(reason IS NULL, NULL, line) AS line
FROM (
{{ results(lines) }}
)
