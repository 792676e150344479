-- What no layer may touch: the words of the prompt and the text of the rows, down to the control characters.
SELECT
  name AS key,
  {% prompt %}
    It's "quoted" 'so' `so` """so""", C:\new\table, {"json": {"n": [1]}}, \{text} is not a column.
      Indented 日本 😀.

    Text: <{text}>
  {% endprompt %} AS prompt
FROM {{ seed('words.jsonl') }}
