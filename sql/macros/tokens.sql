{#- How many tokens a text has for Gemini, estimated: what the service counted is in the answers, and corrects this.

    A text is cut into pieces, and each counts as one token, as does every character outside of them: a digit, a symbol.
    Weights that are not 1 stand in `text_tokens`. They follow the tokenizer of Gemma 3, which has one token per digit and
    keeps a space with the word behind it, on 7,500 texts (1.5 M tokens): news, encyclopedia, reviews and chat (Universal
    Dependencies' PUD, GSD, EWT and Taiga; XQuAD), manuals (FastAPI, Django), code of the standard library, queries of this
    project's tests, Google's API descriptions, made-up records and tables. `python -m tests.bench tokens` prints how far
    off they are on other texts. -#}

{%- set pieces = [
  ' ?[A-Za-z\\x{AA}\\x{BA}\\x{C0}-\\x{24F}\\x{1E00}-\\x{1EFF}]{1,10}',
  ' ?[!-/:-@\\[-`{-~\\x{2010}-\\x{206F}]+',
  '\\n+',
  ' {2,}',
  '\\t+',
  ' ?[\\p{Cyrillic}\\p{Devanagari}]{1,5}',
  '\\p{Hangul}{1,3}',
  '\\p{Han}{1,2}',
  '\\p{Hiragana}{1,4}',
  '[\\x{30A0}-\\x{30FF}]{1,3}',
  '[\\x{3000}-\\x{303F}\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF1F}]+',
  ' ?[\\x{370}-\\x{10FF}]{1,3}',
] | join('|') -%}

{#- Tokens of a column of text. A capital after a space is half a token more: a name, or a German noun. So is 0.75 of one a
    letter with an accent, and 0.15 each character of a long run of Han: Japanese has short ones, and more of them are words
    of their own. Hangul is cut a little too fine. -#}

{%- macro text_tokens(text) -%}
CAST(ROUND(
    LENGTH(REGEXP_REPLACE({{ text }}, r'{{ pieces }}', 'x'))
    + 0.5 * {{ characters(text, ' [A-Z]') }} / 2
    + IF(
      BYTE_LENGTH({{ text }}) = LENGTH({{ text }}),
      0,
      0.75 * {{ characters(text, '[\\x{C0}-\\x{24F}]') }}
      + 0.15 * {{ characters(text, '\\p{Han}{4}') }}
      - 0.04 * {{ characters(text, '\\p{Hangul}') }}
    )
  ) AS INT64)
{%- endmacro %}

{#- How many characters of a text are in what a pattern matches. -#}

{%- macro characters(text, pattern) -%}
(LENGTH({{ text }}) - LENGTH(REGEXP_REPLACE({{ text }}, r'{{ pattern }}', '')))
{%- endmacro %}

{#- Tokens of a file by its kind, with the rates of Gemini 3: 1,120 an image, 560 a page, 70 a second of video (a frame each), 32
    a second of sound, less or more by `mediaResolution` (https://ai.google.dev/gemini-api/docs/media-resolution and
    /tokens, 2026). Its length is not known: it counts as a minute, as four pages, as 1,000 tokens of text. -#}

{%- macro file_tokens(mime_type, resolution) -%}
CASE
      WHEN {{ mime_type }} IS NULL THEN 0
      WHEN STARTS_WITH({{ mime_type }}, 'image/') THEN CASE {{ resolution }} WHEN 'LOW' THEN 280 WHEN 'MEDIUM' THEN 560 WHEN 'ULTRA_HIGH' THEN 2240 ELSE 1120 END
      WHEN STARTS_WITH({{ mime_type }}, 'video/') THEN 60 * (32 + IF({{ resolution }} IN ('HIGH', 'ULTRA_HIGH'), 280, 70))
      WHEN STARTS_WITH({{ mime_type }}, 'audio/') THEN 60 * 32
      WHEN {{ mime_type }} = 'application/pdf' THEN 4 * CASE {{ resolution }} WHEN 'LOW' THEN 280 WHEN 'HIGH' THEN 1120 WHEN 'ULTRA_HIGH' THEN 1120 ELSE 560 END
      ELSE 1000
    END
{%- endmacro %}

{#- A field of a request, in either of the spellings that the services take. -#}

{%- macro field(function, json, camel, snake) -%}
IFNULL({{ function }}({{ json }}, '$.{{ camel }}'), {{ function }}({{ json }}, '$.{{ snake }}'))
{%- endmacro %}

{#- JSON as text, empty where there is none. -#}

{%- macro json_text(json) -%}
IFNULL(NULLIF(TO_JSON_STRING({{ json }}), 'null'), '')
{%- endmacro %}

{#- Per request of a table (`key`, `request` as JSON) its input tokens: of its texts, of its files, of the schema and the tools,
    which the model reads as well. The JSON around them is not sent to it. -#}

{%- macro input_tokens(requests) -%}
SELECT key, SUM(tokens) AS input_tokens
FROM (
  SELECT
    key,
    IFNULL({{ text_tokens('text') }}, 0)
    + {{ file_tokens('mime_type', 'resolution') }} AS tokens
  FROM (
    SELECT
      key,
      IF(mime_type IS NULL, IFNULL(JSON_VALUE(part, '$.text'), TO_JSON_STRING(part)), NULL) AS text,
      mime_type,
      REPLACE(IFNULL(part_resolution, resolution), 'MEDIA_RESOLUTION_', '') AS resolution
    FROM (
      SELECT
        key,
        part,
        IFNULL({{ field('JSON_VALUE', 'part', 'fileData.mimeType', 'file_data.mime_type') }}, {{ field('JSON_VALUE', 'part', 'inlineData.mimeType', 'inline_data.mime_type') }}) AS mime_type,
        {{ field('JSON_VALUE', 'part', 'mediaResolution.level', 'media_resolution.level') }} AS part_resolution,
        {{ field('JSON_VALUE', 'request', 'generationConfig.mediaResolution', 'generation_config.media_resolution') }} AS resolution
      FROM {{ requests }}
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(request, '$.contents')) AS content
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(content, '$.parts')) AS part
    )
    UNION ALL
    SELECT key, JSON_VALUE(part, '$.text') AS text, NULL AS mime_type, NULL AS resolution
    FROM {{ requests }}
    CROSS JOIN UNNEST({{ field('JSON_QUERY_ARRAY', 'request', 'systemInstruction.parts', 'system_instruction.parts') }}) AS part
    UNION ALL
    SELECT
      key,
      CONCAT(
        {{ json_text(field('JSON_QUERY', 'request', 'generationConfig.responseSchema', 'generation_config.response_schema')) }},
        {{ json_text(field('JSON_QUERY', 'request', 'generationConfig.responseJsonSchema', 'generation_config.response_json_schema')) }},
        {{ json_text("JSON_QUERY(request, '$.tools')") }}
      ) AS text,
      NULL AS mime_type,
      NULL AS resolution
    FROM {{ requests }}
  )
)
GROUP BY key
{%- endmacro %}

{#- The most tokens that a request's answers can have, thoughts among them: its own cap for each candidate, or the model's. -#}

{%- macro most_output_tokens(request, most) -%}
IFNULL(SAFE_CAST({{ field('JSON_VALUE', request, 'generationConfig.maxOutputTokens', 'generation_config.max_output_tokens') }} AS INT64), {{ most }})
    * IFNULL(SAFE_CAST({{ field('JSON_VALUE', request, 'generationConfig.candidateCount', 'generation_config.candidate_count') }} AS INT64), 1)
{%- endmacro %}
