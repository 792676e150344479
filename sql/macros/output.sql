{#- The output columns in SQL: their value, what is wrong with them, and a made-up one.
    `json` is an expression of type JSON and `path` the JSONPath of the column in it. -#}

{%- macro value(column, json, path) -%}
{%- if column.array -%}
{% set item = 'item_' ~ column.name -%}
ARRAY(SELECT {{ one(column, item, '$') }} FROM UNNEST(JSON_QUERY_ARRAY({{ json }}, {{ path | literal }})) AS {{ item }} WITH OFFSET AS position WHERE {{ presence(column, item) }} ORDER BY position)
{%- else -%}
{{ one(column, json, path) }}
{%- endif -%}
{%- endmacro %}

{%- macro one(column, json, path) -%}
{%- if column.fields -%}
IF({{ kind(json, path) }} = 'object', STRUCT({% for field in column.fields %}{{ value(field, json, path ~ '.' ~ field.name) }} AS `{{ field.name }}`{{ ', ' if not loop.last }}{% endfor %}), NULL)
{%- else -%}
{{ cast(column, 'JSON_VALUE(' ~ json ~ ', ' ~ (path | literal) ~ ')') }}
{%- endif -%}
{%- endmacro %}

{#- A text such as "NaN" or "inf" can be cast to FLOAT64, but is no number. -#}

{%- macro cast(column, text) -%}
{%- set made = 'SAFE_CAST(' ~ text ~ ' AS ' ~ column.type ~ ')' -%}
{%- if column.type == 'STRING' -%}
{{ text }}
{%- elif column.type == 'FLOAT64' -%}
IF({{ made }} BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308, {{ made }}, NULL)
{%- else -%}
{{ made }}
{%- endif -%}
{%- endmacro %}

{#- BigQuery refuses a NULL element in an array: it is left out, and the answer is a schema_mismatch. -#}

{%- macro presence(column, item) -%}
{%- if column.fields -%}
{{ kind(item, '$') }} = 'object'
{%- else -%}
{{ one(column, item, '$') }} IS NOT NULL
{%- endif -%}
{%- endmacro %}

{%- macro kind(json, path) -%}
IFNULL(JSON_TYPE(JSON_QUERY({{ json }}, {{ path | literal }})), 'null')
{%- endmacro %}

{#- The shape and the text of each output column, read once: the columns that `violation` looks at. -#}

{%- macro looked_at(columns, json) -%}
{{ kind(json, '$') }} AS answer_kind
  {%- for column in columns %},
    {{ kind(json, '$.' ~ column.name) }} AS kind_{{ loop.index }},
    JSON_VALUE({{ json }}, {{ ('$.' ~ column.name) | literal }}) AS value_{{ loop.index }}
  {%- endfor %}
{%- endmacro %}

{#- What is wrong with an answer, NULL when nothing is: the first broken rule, with the value that broke it. -#}

{%- macro violation(columns, json) -%}
CASE
  WHEN answer_kind != 'object' THEN CONCAT('the answer is a JSON ', answer_kind, ', not an object')
  {%- for column in columns %}{{ rules(column, json, '$.' ~ column.name, column.name, 'WHEN', 'kind_' ~ loop.index, 'value_' ~ loop.index) }}{% endfor %}
END
{%- endmacro %}

{%- macro rules(column, json, path, name, when, shape='', text='') -%}
{%- set shape = shape or kind(json, path) -%}
{%- set text = text or 'JSON_VALUE(' ~ json ~ ', ' ~ (path | literal) ~ ')' -%}
{%- if column.required %}
  {{ when }} {{ shape }} = 'null' THEN {{ ('`' ~ name ~ '` is missing') | literal }}
{%- endif -%}
{%- if column.array %}
{%- set item = 'item_' ~ column.name %}
{%- set items = 'UNNEST(JSON_QUERY_ARRAY(' ~ json ~ ', ' ~ (path | literal) ~ ')) AS ' ~ item %}
  {{ when }} {{ shape }} NOT IN ('array', 'null') THEN CONCAT({{ ('`' ~ name ~ '` is not an array but ') | literal }}, {{ shape }})
  {{ when }} EXISTS(SELECT 1 FROM {{ items }} WHERE NOT ({{ presence(column, item) }})) THEN {{ ('an item of `' ~ name ~ '` is not ' ~ column.type) | literal }}
{%- for check in column.checks if check.kind == 'ARRAY_LENGTH' %}
  {{ when }} ARRAY_LENGTH(JSON_QUERY_ARRAY({{ json }}, {{ path | literal }})) > {{ check.value }} THEN {{ ('`' ~ name ~ '` has more than ' ~ check.value ~ ' items') | literal }}
{%- endfor -%}
{%- if column.fields %}
  {{ when }} EXISTS(SELECT 1 FROM {{ items }} WHERE CASE {%- for field in column.fields %}{{ rules(field, item, '$.' ~ field.name, name ~ '.' ~ field.name, 'WHEN') }}{% endfor %} END IS NOT NULL) THEN {{ ('an item of `' ~ name ~ '` breaks a rule') | literal }}
{%- endif -%}
{%- elif column.fields %}
  {{ when }} {{ shape }} NOT IN ('object', 'null') THEN CONCAT({{ ('`' ~ name ~ '` is not an object but ') | literal }}, {{ shape }})
{%- for field in column.fields %}{{ rules(field, json, path ~ '.' ~ field.name, name ~ '.' ~ field.name, when ~ ' ' ~ shape ~ " = 'object' AND") }}{% endfor -%}
{%- else -%}
{%- set value = cast(column, text) %}
  {{ when }} {{ shape }} != 'null' AND {{ value }} IS NULL THEN CONCAT({{ ('`' ~ name ~ '` is not ' ~ column.type ~ ': ') | literal }}, IFNULL({{ text }}, {{ shape }}))
{%- for check in column.checks %}
  {{ when }} NOT ({{ holds(check, value) }}) THEN CONCAT({{ ('`' ~ name ~ '` is not ' ~ words(check) ~ ': ') | literal }}, {{ text }})
{%- endfor -%}
{%- endif -%}
{%- endmacro %}

{%- macro holds(check, value) -%}
{%- if check.kind == 'IN' -%}
{{ value }} IN ({% for option in check.values %}{{ option | literal }}{{ ', ' if not loop.last }}{% endfor %})
{%- elif check.kind == 'LENGTH' -%}
LENGTH({{ value }}) <= {{ check.value }}
{%- else -%}
{{ value }} {{ check.kind }} {{ check.value | literal }}
{%- endif -%}
{%- endmacro %}

{%- macro words(check) -%}
{%- if check.kind == 'IN' -%}one of {{ check.values | join(', ') }}
{%- elif check.kind == 'LENGTH' -%}at most {{ check.value }} characters
{%- else -%}{{ check.kind }} {{ check.value }}
{%- endif -%}
{%- endmacro %}

{#- JSON text of a column as a model might answer it, drawn from the digits of `hash`.
    `draw` is a number from 0 to 4095: three of the digits, read without a cast. -#}

{%- macro draw(hash, at) -%}
(STRPOS('123456789abcdef', SUBSTR({{ hash }}, {{ 1 + (at * 5) % 59 }}, 1)) * 256 + STRPOS('123456789abcdef', SUBSTR({{ hash }}, {{ 2 + (at * 5) % 59 }}, 1)) * 16 + STRPOS('123456789abcdef', SUBSTR({{ hash }}, {{ 3 + (at * 5) % 59 }}, 1)))
{%- endmacro %}

{%- macro made(columns, hash, at=0) -%}
CONCAT('{'{% for column in columns %}, {{ ((', ' if loop.index > 1 else '') ~ '"' ~ column.name ~ '": ') | literal }}, {{ made_value(column, hash, at + loop.index0 * 3) }}{% endfor %}, '}')
{%- endmacro %}

{%- macro made_value(column, hash, at) -%}
{%- if column.array -%}
{%- set most = [column.most('ARRAY_LENGTH') if column.most('ARRAY_LENGTH') is not none else 3, 3] | min -%}
{%- if most < 1 -%}'[]'{%- else -%}
CONCAT('[', {{ made_one(column, hash, at) }}{% for extra in range(1, most) %}, IF(MOD({{ draw(hash, at + 1) }}, {{ most }}) >= {{ extra }}, CONCAT(', ', {{ made_one(column, hash, at + extra * 7) }}), ''){% endfor %}, ']')
{%- endif -%}
{%- elif column.required -%}
{{ made_one(column, hash, at) }}
{%- else -%}
IF(MOD({{ draw(hash, at + 2) }}, 16) = 0, 'null', {{ made_one(column, hash, at) }})
{%- endif -%}
{%- endmacro %}

{#- A number, or another one where it is none of those wanted. -#}

{%- macro apart(made, unwanted, another) -%}
{%- if unwanted -%}
IF({{ made }} IN ({{ unwanted | join(', ') }}), {{ another }}, {{ made }})
{%- else -%}
{{ made }}
{%- endif -%}
{%- endmacro %}

{%- macro made_one(column, hash, at) -%}
{%- set number = draw(hash, at) -%}
{%- set low = column.low -%}
{%- set high = column.high -%}
{%- set others = column.checks | selectattr('kind', 'equalto', '!=') | map(attribute='value') | list -%}
{%- set options = column.checks | selectattr('kind', 'in', ['IN', '=']) | map(attribute='values') | first | default(()) | reject('in', others) | list -%}
{%- if column.fields -%}
{{ made(column.fields, hash, at + 1) }}
{%- elif options -%}
CASE MOD({{ number }}, {{ options | length }}){% for option in options %} WHEN {{ loop.index0 }} THEN {{ (option | tojson_text) | literal }}{% endfor %} END
{%- elif column.type == 'STRING' -%}
CONCAT('"', SUBSTR(CONCAT('simulated ', SUBSTR({{ hash }}, {{ 1 + at % 50 }}, 8)), 1, {{ [column.most('LENGTH') if column.most('LENGTH') is not none else 18, 18] | min }}), '"')
{%- elif column.type == 'INT64' -%}
{%- set least = (low | round_up) if low is not none else ([0, (high | round_down) - 100] | min if high is not none else 0) -%}
{%- set most = [(high | round_down) if high is not none else least + 100, 9223372036854775807] | min -%}
{%- set made = least ~ ' + MOD(' ~ number ~ ', ' ~ [[most - least + 1, 1] | max, 4096] | min ~ ')' -%}
CAST({{ apart(made, others, range(least, most + 1) | reject('in', others) | first | default(least)) }} AS STRING)
{%- elif column.type in ('FLOAT64', 'NUMERIC') -%}
{%- set least = low if low is not none else (high - 100 if high is not none else 0) -%}
{%- set span = (high - least) if high is not none else 100 -%}
{#- As many decimals as a FLOAT64 surely has: then it prints as it was meant. -#}
{%- set decimals = [15 - ([least | abs, (least + span) | abs] | max | int | string | length), 0] | max -%}
{%- set made = 'ROUND(' ~ least ~ ' + ' ~ span ~ ' * (1 + MOD(' ~ number ~ ', 998)) / 1000, ' ~ decimals ~ ')' -%}
CAST({{ apart(made, others, least ~ ' + ' ~ span ~ ' / 2000') }} AS STRING)
{%- elif column.type == 'BOOL' -%}
IF(MOD({{ number }}, 2) = 0, 'true', 'false')
{%- elif column.type == 'DATE' -%}
CONCAT('"2026-01-', CAST(10 + MOD({{ number }}, 19) AS STRING), '"')
{%- elif column.type == 'TIME' -%}
CONCAT('"', CAST(10 + MOD({{ number }}, 14) AS STRING), ':30:00"')
{%- elif column.type == 'DATETIME' -%}
CONCAT('"2026-01-', CAST(10 + MOD({{ number }}, 19) AS STRING), 'T12:30:00"')
{%- elif column.type == 'TIMESTAMP' -%}
CONCAT('"2026-01-', CAST(10 + MOD({{ number }}, 19) AS STRING), 'T12:30:00Z"')
{%- endif -%}
{%- endmacro %}
