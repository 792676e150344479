{#- What answers cost, in millionths of a US dollar; NULL where a price is not known. Input that came from the cache has its own
    price, or that of other input where there is none. Thoughts cost what output does. `of` is put before each column. -#}

{%- macro millionths(of='') -%}
IFNULL({{ of }}input_tokens, 0) * {{ of }}input_price
    - LEAST(IFNULL({{ of }}cached_tokens, 0), IFNULL({{ of }}input_tokens, 0)) * ({{ of }}input_price - IFNULL({{ of }}cached_price, {{ of }}input_price))
    + IFNULL({{ of }}output_tokens, 0) * {{ of }}output_price
    + IFNULL({{ of }}thought_tokens, 0) * {{ of }}output_price
{%- endmacro %}

{#- A price in force, as a column: that of the highest tier that an answer's input is above. `kind` is input, output or cached. -#}

{%- macro in_force(price, kind, input_tokens='NULL') -%}
{%- if price.tiers and input_tokens != 'NULL' -%}
CASE
    {%- for tier in price.tiers %}
    WHEN {{ input_tokens }} > {{ tier.above }} THEN CAST({{ tier[kind] | literal }} AS NUMERIC)
    {%- endfor %}
    ELSE CAST({{ price[kind] | literal }} AS NUMERIC)
  END
{%- else -%}
CAST({{ price[kind] | literal }} AS NUMERIC)
{%- endif -%}
{%- endmacro %}

{#- A sum of tokens, cut at what an INT64 holds: one absurd count that a service tells makes no run fail. -#}

{%- macro total(tokens) -%}
CAST(LEAST(SUM(CAST({{ tokens }} AS NUMERIC)), NUMERIC '9223372036854775807') AS INT64)
{%- endmacro %}
