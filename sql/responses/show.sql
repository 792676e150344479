-- One row per row of the result, the first by key.
--
-- view: the prompt's view
-- columns: the columns wanted; none for all
-- where: the condition that rows keep, verbatim; or nothing
-- limit: the most rows; 0 for all
SELECT {% if columns %}{% for column in columns %}`{{ column }}`{{ ', ' if not loop.last }}{% endfor %}{% else %}*{% endif %}
FROM {{ view }}
{%- if where %}
WHERE (
{{ where }}
)
{%- endif %}
ORDER BY key
{%- if limit %}
LIMIT {{ limit }}
{%- endif %}
