-- One row per row that is not ok, the first by key.
--
-- errors: the prompt's view of errors
-- outcomes: the outcomes wanted; none for all
-- limit: the most rows; 0 for all
SELECT *
FROM {{ errors }}
{%- if outcomes %}
WHERE _outcome IN ({% for outcome in outcomes %}{{ outcome | literal }}{{ ', ' if not loop.last }}{% endfor %})
{%- endif %}
ORDER BY key
{%- if limit %}
LIMIT {{ limit }}
{%- endif %}
