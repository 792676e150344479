-- One row: the tokens that requests to be asked have in common: of their schema, where they begin, and where their text ends.
--
-- queue: the requests to be asked: key, request
{# Keys are hashes, and so the first 500 are a random sample: what one request in a hundred has of its own is seen in 99 of 100
   plans. What all texts begin with is what the least and the greatest of them begin with; it is looked for in blocks, then within
   the first that differs. Ends are the beginnings of reversed texts. -#}
{% from 'macros/tokens.sql' import field, json_text, text_tokens -%}
{% set most, block = 200000, 500 -%}
WITH
bounds AS (
  SELECT
    [
      {%- for what in ('system', 'schema', 'opening', 'ending') %}
      STRUCT({{ what | literal }} AS what, MIN({{ what }}) AS least, MAX({{ what }}) AS greatest){{ ',' if not loop.last }}
      {%- endfor %}
    ] AS kinds,
    LOGICAL_AND(second IS NULL) AS in_one_part
  FROM (
    SELECT
      LEFT(CONCAT(
        IFNULL({{ field('JSON_VALUE', 'request', 'systemInstruction.parts[0].text', 'system_instruction.parts[0].text') }}, ''),
        {{ json_text("JSON_QUERY(request, '$.tools')") }}
      ), {{ most }}) AS system,
      LEFT(CONCAT(
        {{ json_text(field('JSON_QUERY', 'request', 'generationConfig.responseSchema', 'generation_config.response_schema')) }},
        {{ json_text(field('JSON_QUERY', 'request', 'generationConfig.responseJsonSchema', 'generation_config.response_json_schema')) }}
      ), {{ most }}) AS schema,
      LEFT(IFNULL(JSON_VALUE(first, '$.text'), ''), {{ most }}) AS opening,
      LEFT(REVERSE(IFNULL(JSON_VALUE(last, '$.text'), '')), {{ most }}) AS ending,
      second
    FROM (
      SELECT
        request,
        JSON_QUERY(request, '$.contents[0].parts[0]') AS first,
        JSON_QUERY(request, '$.contents[0].parts[1]') AS second,
        -- The end of a talk is its own: only the text of a single turn could stand elsewhere.
        IF(
          JSON_QUERY(request, '$.contents[1]') IS NULL,
          ARRAY_REVERSE(JSON_QUERY_ARRAY(request, '$.contents[0].parts'))[SAFE_OFFSET(0)],
          NULL
        ) AS last
      FROM (SELECT request FROM {{ queue }} ORDER BY key LIMIT 500)
    )
  )
),
texts AS (
  SELECT
    what,
    in_one_part,
    least = greatest AS is_same,
    LEFT(least, IFNULL(
      (
        SELECT MIN(place) - 1
        FROM UNNEST(GENERATE_ARRAY({{ block }} * differing + 1, {{ block }} * differing + {{ block }})) AS place
        WHERE SUBSTR(least, place, 1) != SUBSTR(greatest, place, 1)
      ),
      LENGTH(least)
    )) AS text
  FROM (
    SELECT
      what,
      least,
      greatest,
      in_one_part,
      IFNULL(
        (
          SELECT MIN(number)
          FROM UNNEST(GENERATE_ARRAY(0, DIV(LENGTH(least), {{ block }}))) AS number
          WHERE SUBSTR(least, {{ block }} * number + 1, {{ block }}) != SUBSTR(greatest, {{ block }} * number + 1, {{ block }})
        ),
        0
      ) AS differing
    FROM bounds
    CROSS JOIN UNNEST(kinds)
  )
),
counted AS (
  SELECT what, in_one_part, is_same, {{ text_tokens('text') }} AS tokens
  FROM (SELECT what, in_one_part, is_same, IF(what = 'ending', REVERSE(text), text) AS text FROM texts)
),
told AS (
  SELECT
    LOGICAL_AND(in_one_part) AS in_one_part
    {%- for what in ('system', 'schema', 'opening', 'ending') %},
    IFNULL(MAX(IF(what = {{ what | literal }}, tokens, NULL)), 0) AS {{ what }},
    LOGICAL_OR(what = {{ what | literal }} AND is_same) AS {{ what }}_is_same
    {%- endfor %}
  FROM counted
)
SELECT
  IF(schema_is_same, schema, NULL) AS schema_tokens,
  system + IF(system_is_same, schema, 0) + IF(system_is_same AND schema_is_same, opening, 0) AS opening_tokens,
  IF(in_one_part AND opening_is_same, 0, ending) AS ending_tokens
FROM told
