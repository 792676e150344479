{#- JSON, or a text of it, at the first of these paths that has some: a field has two spellings. -#}

{%- macro at(function, json, paths) -%}
{%- if paths | length == 1 -%}
{{ function }}({{ json }}, '{{ paths[0] }}')
{%- else -%}
COALESCE({% for path in paths %}{{ function }}({{ json }}, '{{ path }}'){{ ', ' if not loop.last }}{% endfor %})
{%- endif -%}
{%- endmacro %}

{#- What a rule holds for, as text; NULL where it does not. Items of arrays are looked at one by one. -#}

{%- macro found(rule, json, step=0) -%}
{%- set paths = rule.paths[step] -%}
{%- if step + 1 < rule.paths | length -%}
(SELECT STRING_AGG({{ found(rule, 'item_' ~ step, step + 1) }}, ', ' ORDER BY at_{{ step }}) FROM UNNEST({{ at('JSON_QUERY_ARRAY', json, paths) }}) AS item_{{ step }} WITH OFFSET AS at_{{ step }})
{%- elif rule.written -%}
REGEXP_EXTRACT(TO_JSON_STRING({{ at('JSON_QUERY', json, paths) }}), {{ ('(' ~ rule.written ~ ')') | literal }})
{%- elif rule.value -%}
REGEXP_EXTRACT({{ at('JSON_VALUE', json, paths) }}, {{ ('^(' ~ rule.value ~ '.*)') | literal }})
{%- else -%}
NULLIF(TO_JSON_STRING({{ at('JSON_QUERY', json, paths) }}), 'null')
{%- endif -%}
{%- endmacro %}

{#- Why a request is refused, by the first rule that does so; NULL where none does. `text` is the JSON text of `json`: rules of
    a field of the request are looked at only where the text has something of them. A value is shown where the rule is about
    some values: others may hold a key of the user's. -#}

{%- macro refusal(rules, json, text) -%}
IF(REGEXP_CONTAINS({{ text }}, {{ rules.guards | map(attribute='1') | join('|') | literal }}), COALESCE(
    {%- for top, guard in rules.guards %}
    IF(REGEXP_CONTAINS({{ text }}, {{ guard | literal }}), COALESCE(
      {%- for rule in rules.refusing if rule.top == top %}
      {%+ if rule.value -%}
      CONCAT({{ (rule.path ~ ' ') | literal }}, SUBSTR({{ found(rule, json) }}, 1, 200), {{ (': ' ~ rule.why) | literal }}),
      {%+ else -%}
      IF({{ found(rule, json) }} IS NULL, NULL, {{ (rule.path ~ ': ' ~ rule.why) | literal }}),
      {%+ endif -%}
      {%- endfor %}
      NULL
    ), NULL),
    {%- endfor %}
    NULL
  ), NULL)
{%- endmacro %}

{#- The JSON text of an object as it is written anew: its children first, then what is copied, where a comma may be left over. -#}

{%- macro written(node, json, text, depth=0) -%}
IF(REGEXP_CONTAINS({{ text }}, {{ node.guard | literal }}), {{ made(node, json, text, depth) }}, {{ text }})
{%- endmacro %}

{%- macro made(node, json, text, depth) -%}
{%- set copied = 'TO_JSON_STRING(JSON_REMOVE(' ~ json ~ ", '" ~ node.gone | join("', '") ~ "'))" -%}
{%- if node.children or node.renamed -%}
IF(JSON_TYPE({{ json }}) = 'object', REGEXP_REPLACE(CONCAT('{',
  {%- for child in node.children -%}
  {%- set inner = at('JSON_QUERY', json, child.paths) %}
    IF({{ inner }} IS NULL, '', CONCAT('"{{ child.name }}":', {{ items(child, inner, depth) if child.is_array else written(child, inner, 'TO_JSON_STRING(' ~ inner ~ ')', depth) }}, ',')),
  {%- endfor -%}
  {%- for to, paths in node.renamed -%}
  {%- set inner = at('JSON_QUERY', json, paths) %}
    IF(TO_JSON_STRING({{ inner }}) = 'null', '', CONCAT('"{{ to }}":', TO_JSON_STRING({{ inner }}), ',')),
  {%- endfor %}
    SUBSTR({{ copied }}, 2)), r',}$', '}'), {{ text }})
{%- else -%}
{{ copied }}
{%- endif -%}
{%- endmacro %}

{#- The JSON text of an array whose items are written anew, without those that are dropped. -#}

{%- macro items(node, json, depth) -%}
{%- set text = 'TO_JSON_STRING(' ~ json ~ ')' -%}
{%- set item = 'item_' ~ depth -%}
IF(JSON_TYPE({{ json }}) = 'array' AND REGEXP_CONTAINS({{ text }}, {{ node.guard | literal }}), CONCAT('[', IFNULL((
      SELECT STRING_AGG({{ written(node, item, 'TO_JSON_STRING(' ~ item ~ ')', depth + 1) }}, ',' ORDER BY at_{{ depth }})
      FROM UNNEST(JSON_QUERY_ARRAY({{ json }}, '$')) AS {{ item }} WITH OFFSET AS at_{{ depth }}
      {%- if node.dropped %}
      WHERE NOT ({% for paths, value in node.dropped %}IFNULL(REGEXP_CONTAINS({{ at('JSON_VALUE', item, paths) }}, {{ ('^(?:' ~ value ~ ')') | literal }}), FALSE){{ ' OR ' if not loop.last }}{% endfor %})
      {%- endif %}
    ), ''), ']'), {{ text }})
{%- endmacro %}
