-- What each file is, in one sentence and some words: images, a recording and PDFs.
{{ config(model = 'gemini-3.5-flash-lite', temperature = 0, max_output_tokens = 512) }}

{% output %}
  kind     STRING NOT NULL CHECK (kind IN ('photo', 'drawing', 'speech', 'music', 'document', 'other')),
  about    STRING NOT NULL OPTIONS (description = 'one sentence in English'),
  words    ARRAY<STRING> CHECK (ARRAY_LENGTH(words) <= 5) OPTIONS (description = 'to find it by'),
  language STRING OPTIONS (description = 'of speech and documents, as an ISO 639 code')
{% endoutput %}

SELECT
  file_id AS key,
  uri,
  mime_type,
  {% prompt %}
    What is this file?

    {{ file('{uri}', '{mime_type}') }}

    A colleague's note: {note|'none'}
  {% endprompt %} AS parts
FROM {{ seed('files.csv') }}
