-- One row: how many requests are refused, and how many of the others each rule changes.
--
-- requests: the requests, in Vertex AI's form
-- rules: the rules that may hold for one of them
{% from 'macros/developer.sql' import found, refusal -%}
SELECT
  COUNTIF(refused) AS refused
  {%- for rule in rules.changing %},
  COUNTIF(NOT refused AND rule_{{ loop.index }}) AS rule_{{ loop.index }}
  {%- endfor %}
FROM (
  SELECT
    {{ refusal(rules, 'asked.request', 'asked.text') ~ ' IS NOT NULL' if rules.refusing else 'FALSE' }} AS refused
    {%- for rule in rules.changing %},
    IF(REGEXP_CONTAINS(asked.text, {{ rule.guard | literal }}), {{ found(rule, 'asked.request') }}, NULL) IS NOT NULL AS rule_{{ loop.index }}
    {%- endfor %}
  FROM (
    SELECT request, TO_JSON_STRING(request) AS text
    FROM {{ requests }}
  ) AS asked
)
