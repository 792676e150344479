{#- What a row asks, from the column that the prompt has: a text stays a text, the other forms become JSON text.
    NULL where there is nothing to ask. -#}

{%- macro asked_text(form) -%}
{%- if form == 'prompt' -%}
prompt
{%- elif form == 'parts' -%}
(
    SELECT
      IF(
        COUNT(*) = 0 OR LOGICAL_OR(IF(part.file_uri IS NULL, part.text, part.mime_type) IS NULL),
        NULL,
        CONCAT('[', STRING_AGG(
          CONCAT(
            IF(part.text IS NULL, '', CONCAT('{"text":', TO_JSON_STRING(part.text), '}')),
            IF(part.text IS NULL OR part.file_uri IS NULL, '', ','),
            IF(part.file_uri IS NULL, '', CONCAT('{"fileData":{"fileUri":', TO_JSON_STRING(part.file_uri), ',"mimeType":', TO_JSON_STRING(part.mime_type), '}}'))
          ),
          ',' ORDER BY position
        ), ']')
      )
    FROM UNNEST(parts) AS part WITH OFFSET AS position
  )
{%- else -%}
IF(IFNULL(JSON_TYPE({{ form }}), 'null') = 'null', NULL, TO_JSON_STRING({{ form }}))
{%- endif -%}
{%- endmacro %}

{#- The text of a request: plain concatenation around the row's own text, so that it is the same in every engine. -#}

{%- macro request_text(form, asked, system, envelope, closing) -%}
{%- if form == 'request' -%}
{{ asked }}
{%- else -%}
CONCAT(
    {% if form == 'prompt' -%}
    {{ envelope.text_opening | literal }}, TO_JSON_STRING({{ asked }}), {{ envelope.text_closing | literal }},
    {% elif form == 'parts' -%}
    {{ envelope.parts_opening | literal }}, {{ asked }}, {{ envelope.parts_closing | literal }},
    {% else -%}
    {{ envelope.opening | literal }}, {{ asked }},
    {% endif -%}
    {% if system and envelope.system -%}
    {{ envelope.system_opening | literal }}, TO_JSON_STRING(IFNULL({{ system }}, {{ envelope.system | literal }})), {{ envelope.system_closing | literal }},
    {% elif system -%}
    IF({{ system }} IS NULL, '', CONCAT({{ envelope.system_opening | literal }}, TO_JSON_STRING({{ system }}), {{ envelope.system_closing | literal }})),
    {% elif envelope.system -%}
    {{ envelope.system_opening | literal }}, TO_JSON_STRING({{ envelope.system | literal }}), {{ envelope.system_closing | literal }},
    {% endif -%}
    {{ closing | literal }}
  )
{%- endif -%}
{%- endmacro %}

{#- The content address of a request: the model that answers, the request without its output cap, and which sample it is. -#}

{%- macro request_hash(request, model, sample) -%}
TO_HEX(SHA256(CONCAT({{ (model ~ '\n') | literal }}, {{ request }}{% if sample %}, IFNULL(CONCAT('\nsample ', CAST({{ sample }} AS STRING)), ''){% endif %})))
{%- endmacro %}
