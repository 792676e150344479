-- Is a review positive or negative? One row of the SELECT is one question.
{{ config(temperature = 0) }}

{% output %}
  sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'negative'))
{% endoutput %}

SELECT
  id AS key,
  product,
  review,
  {% prompt %}
    Is this review of {product} positive or negative?

    {review}
  {% endprompt %} AS prompt
FROM {{ seed('reviews.csv') }}
