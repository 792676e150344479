-- One row per request of a sample, as a queue has them.
--
-- queue: all that the run would ask
-- sample: the query for the keys of the sample
-- ranked: whether requests have a position, from 1
SELECT
  queue.*{{ ' EXCEPT (position)' if ranked }}
  {%- if ranked %},
  ROW_NUMBER() OVER (ORDER BY queue.key) AS position
  {%- endif %}
FROM {{ queue }} AS queue
JOIN (
{{ sample }}
) AS sample ON sample.key = queue.key
