-- Sentiment, score and topics of every product review, in five languages.
{{ config(model = 'gemini-3.5-flash-lite', temperature = 0, max_output_tokens = 1024, thinking = 'minimal') }}

{% system %}You label product reviews. Judge the product, not the delivery.{% endsystem %}

{% output %}
  sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'neutral', 'negative')),
  score     FLOAT64 CHECK (score BETWEEN 0 AND 1) OPTIONS (description = 'how sure you are'),
  topics    ARRAY<STRING> CHECK (ARRAY_LENGTH(topics) <= 3)
{% endoutput %}

SELECT
  review_id AS key,
  product,
  lang,
  stars,
  label,
  {% prompt %}
    Classify this review of {product}.

    Review: {review}
  {% endprompt %} AS prompt
FROM {{ seed('reviews.csv') }}
