-- Gemini 2.5 takes a budget instead of a level.
{{ config(temperature=0, thinking=0) }}
{% output %}word STRING NOT NULL{% endoutput %}
SELECT 1 AS key, {{ prompt('Say hello.') }} AS prompt
