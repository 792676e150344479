-- The topic of each ticket, shown by five labelled examples.
{{ config(temperature = 0, max_output_tokens = 256) }}

{% output %}
  topic  STRING NOT NULL CHECK (topic IN ('billing', 'delivery', 'bug', 'question', 'other')),
  urgent BOOL NOT NULL
{% endoutput %}

SELECT
  ticket_id AS key,
  body,
  lang,
  {% prompt %}
    What is this ticket about, and is it urgent?

    {{ examples(seed('labelled.csv'), 'Ticket: {body}\nTopic: {topic}', order_by = 'id') }}

    Ticket: {body}
    Topic:
  {% endprompt %} AS prompt
FROM {{ seed('tickets.csv') }}
