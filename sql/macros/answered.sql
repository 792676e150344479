{#- Requests that a run does not ask again: answered, or not worth asking before a `retry`, which names outcomes that
    are: those of the answers that are shown. -#}

{%- macro settled(answers, max_attempts, retry) -%}
SELECT request_hash
    FROM {{ answers }}
    GROUP BY request_hash
    HAVING (
      LOGICAL_OR(outcome = 'ok')
      OR ANY_VALUE(outcome HAVING MAX attempt) NOT IN ('missing', 'retryable')
      OR COUNT(*) >= {{ max_attempts }}
    )
    {%- if retry %}
      AND IF(LOGICAL_OR(outcome = 'ok'), 'ok', ANY_VALUE(outcome HAVING MAX attempt)) NOT IN (
        {%- for outcome in retry %}{{ outcome | literal }}{{ ', ' if not loop.last }}{% endfor -%}
      )
    {%- endif %}
{%- endmacro %}

{#- Per request the answer to show: the latest that is ok, else the latest. A worse refresh never hides a good one. -#}

{%- macro shown(answers) -%}
SELECT *
  FROM {{ answers }}
  WHERE request_hash NOT IN (SELECT request_hash FROM repeated)
  UNION ALL
  SELECT *
  FROM {{ answers }}
  WHERE request_hash IN (SELECT request_hash FROM repeated)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY request_hash ORDER BY outcome = 'ok' DESC, attempt DESC) = 1
{%- endmacro %}

{#- Requests with several answers. There are few: only these are ranked, and a view of many rows stays fast. -#}

{%- macro repeated(answers) -%}
SELECT request_hash
  FROM {{ answers }}
  GROUP BY request_hash
  HAVING COUNT(*) > 1
{%- endmacro %}
