-- Rows of a labelled table stand in the prompt, in their order; a row with a NULL is no example.
SELECT
  id AS key,
  {% prompt %}
    Classify.

    {{ examples(seed('labelled.csv'), 'Review: {review}\nLabel: {label|\'none\'}', order_by = 'id DESC', limit = 2) }}

    Review: {review}
    Label:
  {% endprompt %} AS prompt
FROM UNNEST([STRUCT(1 AS id, 'Fine {sic}' AS review), (2, NULL)])
