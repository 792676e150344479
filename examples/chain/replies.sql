-- A reply to each ticket that has a topic, in the ticket's language.
{{ config(temperature = 0, max_output_tokens = 1024) }}

{% system %}You answer for a small shop. Two sentences, friendly, and promise nothing.{% endsystem %}

{% output %}
  reply STRING NOT NULL CHECK (LENGTH(reply) <= 400)
{% endoutput %}

SELECT
  key,
  topic,
  urgent,
  body,
  {% prompt %}
    Reply to this ticket about {topic}, in the language `{lang}`.

    {body}
  {% endprompt %} AS prompt
FROM {{ ref('topics') }}
WHERE _outcome = 'ok' AND topic != 'other'
