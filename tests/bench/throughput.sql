{{ config(temperature = 0, max_output_tokens = 1024) }}

{% system %}You label product reviews.{% endsystem %}

{% output %}
  sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'neutral', 'negative')),
  score     FLOAT64 CHECK (score BETWEEN 0 AND 1),
  topics    ARRAY<STRING>
{% endoutput %}

SELECT
  review_id AS key,
  product,
  stars,
  {% prompt %}
    Classify this review of {product}.

    Review: {review}
  {% endprompt %} AS prompt
FROM {{ source('llm.source') }}
