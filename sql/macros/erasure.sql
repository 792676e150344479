{#- Keys as a list of text, as `__keys` has them. -#}

{%- macro listed(erase) -%}
{%- for key in erase %}{{ key | literal }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{#- The requests that these keys ever made, in any run. -#}

{%- macro requests_of(erase, rows, keys) -%}
SELECT request_hash
    FROM {{ keys }}
    WHERE key IN ({{ listed(erase) }}) AND request_hash IS NOT NULL
    UNION DISTINCT
    SELECT request_hash
    FROM {{ rows }}
    WHERE CAST(key AS STRING) IN ({{ listed(erase) }}) AND request_hash IS NOT NULL
{%- endmacro %}

{#- The requests that any other key made. -#}

{%- macro requests_of_others(erase, rows, keys) -%}
SELECT request_hash
    FROM {{ keys }}
    WHERE key NOT IN ({{ listed(erase) }}) AND request_hash IS NOT NULL
    UNION DISTINCT
    SELECT request_hash
    FROM {{ rows }}
    WHERE CAST(key AS STRING) NOT IN ({{ listed(erase) }}) AND request_hash IS NOT NULL
{%- endmacro %}
