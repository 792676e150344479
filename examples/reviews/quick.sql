-- Positive or negative? The English reviews, two labels: what a very small model can do.
{{ config(temperature = 0) }}

{% output %}
  sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'negative'))
{% endoutput %}

SELECT
  review_id AS key,
  label,
  review,
  {% prompt %}
    Is this review positive or negative?

    {review}
  {% endprompt %} AS prompt
FROM {{ seed('reviews.csv') }}
WHERE lang = 'en' AND label IN ('positive', 'negative')
