{#- The text of a request: plain concatenation around the row's own text, so that it is the same in every engine. -#}

{%- macro request_text(prompt, system, envelope, closing) -%}
CONCAT(
    {{ envelope.opening | literal }}, TO_JSON_STRING({{ prompt }}), {{ envelope.middle | literal }},
    {% if system and envelope.system -%}
    {{ envelope.system_opening | literal }}, TO_JSON_STRING(IFNULL({{ system }}, {{ envelope.system | literal }})), {{ envelope.system_closing | literal }},
    {% elif system -%}
    IF({{ system }} IS NULL, '', CONCAT({{ envelope.system_opening | literal }}, TO_JSON_STRING({{ system }}), {{ envelope.system_closing | literal }})),
    {% elif envelope.system -%}
    {{ envelope.system_opening | literal }}, TO_JSON_STRING({{ envelope.system | literal }}), {{ envelope.system_closing | literal }},
    {% endif -%}
    {{ closing | literal }}
  )
{%- endmacro %}

{#- The content address of a request: the model that answers, the request without its output cap, and which sample it is. -#}

{%- macro request_hash(request, model, sample) -%}
TO_HEX(SHA256(CONCAT({{ (model ~ '\n') | literal }}, {{ request }}{% if sample %}, IFNULL(CONCAT('\nsample ', CAST({{ sample }} AS STRING)), ''){% endif %})))
{%- endmacro %}
