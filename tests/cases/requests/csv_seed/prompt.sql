-- A file beside the query, its types read from it.
{{ config(name='shop') }}
WITH bought AS (
  SELECT * FROM {{ seed('bought.csv') }} WHERE price > 0
)
SELECT
  id AS key,
  price,
  day,
  {% prompt %}
    {item} for {price} on {day}, {note|'-'}.
  {% endprompt %} AS prompt
FROM bought
QUALIFY ROW_NUMBER() OVER (PARTITION BY item ORDER BY day DESC) = 1; -- the last of each
