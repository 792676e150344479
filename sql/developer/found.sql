-- One row per exported run that has requests which some results answer.
--
-- results: the results of an import
-- runs: the runs, each with its queue
{%- for run_id, queue in runs %}
{{ 'UNION ALL' if not loop.first }}
SELECT {{ run_id | literal }} AS run_id, COUNT(*) AS line_count
FROM {{ results }}
WHERE reason IS NULL AND key IN (SELECT key FROM {{ queue }})
HAVING COUNT(*) > 0
{%- endfor %}
