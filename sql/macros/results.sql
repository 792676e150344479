{#- Lines of JSON read as results of a batch: the Developer API's (`key` and `response`, or `error`, or `status` as an
    object), and Vertex AI's in Cloud Storage (`response`, `status` as text, `processed_time`; the key beside them, or in
    the echoed request). `reason` says of any other line why it is no result. A line of white space is none.

    An error's code is HTTP's or google.rpc's (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto,
    which gives the HTTP code of each): the status has HTTP's, as that of Vertex AI has.

    Nearly all lines have a key and a response alone: what others have is looked for in those only. -#}

{%- macro results(lines) -%}
SELECT
  line_id,
  file,
  number,
  key,
  response,
  status,
  processed_time,
  CASE
    WHEN key IS NOT NULL AND (response_type = 'object' OR status != '') THEN NULL
    WHEN text IS NULL THEN 'not UTF-8'
    WHEN said IS NULL THEN 'not JSON'
    WHEN JSON_TYPE(said) != 'object' THEN CONCAT('JSON, but no object: ', JSON_TYPE(said))
    WHEN IFNULL(response_type, 'null') != 'object' AND status = '' THEN
      CASE
        WHEN IFNULL(response_type, 'null') != 'null' THEN CONCAT('its response is no object: ', response_type)
        WHEN JSON_TYPE(JSON_QUERY(said, '$.request')) = 'object' THEN 'a request, not a result'
        ELSE 'it has neither a response nor an error'
      END
    WHEN IFNULL(key_type, 'null') NOT IN ('null', 'string') THEN CONCAT('its key is no text: ', key_type)
    ELSE 'it has no key'
  END AS reason,
  line
FROM (
  SELECT
    * EXCEPT (key, code, message, name, http_code),
    CASE key_type
      WHEN 'string' THEN key
      ELSE IF(IFNULL(key_type, 'null') = 'null', COALESCE(JSON_VALUE(said, '$.request.key'), JSON_VALUE(said, '$.request.labels.key')), NULL)
    END AS key,
    IF(
      status_type = 'string',
      IFNULL(SAFE_CAST(JSON_VALUE(said, '$.processed_time') AS TIMESTAMP), CURRENT_TIMESTAMP()),
      CURRENT_TIMESTAMP()
    ) AS processed_time,
    CASE
      WHEN error_type IS NULL AND status_type IS NULL THEN ''
      WHEN code != '0' OR (code IS NULL AND COALESCE(NULLIF(message, ''), name) IS NOT NULL) THEN CONCAT(
        'Error: {"error": {',
        IF(http_code IS NULL, '', CONCAT('"code": ', http_code, ', ')),
        '"message": ', TO_JSON_STRING(IFNULL(message, '')),
        IF(name IS NULL, '', CONCAT(', "status": ', TO_JSON_STRING(name))), '}}'
      )
      WHEN IFNULL(error_type, 'null') NOT IN ('null', 'object') THEN CONCAT(
        'Error: {"error": {"message": ', TO_JSON_STRING(IFNULL(JSON_VALUE(said, '$.error'), error_type)), '}}'
      )
      WHEN status_type = 'string' THEN JSON_VALUE(said, '$.status')
      ELSE ''
    END AS status
  FROM (
    SELECT
      *,
      IF(
        REGEXP_CONTAINS(code, r'^[1-5][0-9]{2}$'),
        code,
        ['200', '499', '500', '400', '504', '404', '409', '403', '429', '400', '409', '400', '501', '500', '503', '500', '401'][
          SAFE_OFFSET(SAFE_CAST(REGEXP_EXTRACT(code, r'^[0-9]{1,2}$') AS INT64))
        ]
      ) AS http_code
    FROM (
      SELECT
        * EXCEPT (problem),
        IF(problem IS NULL, NULL, JSON_VALUE(problem, '$.code')) AS code,
        IF(problem IS NULL, NULL, JSON_VALUE(problem, '$.message')) AS message,
        IF(problem IS NULL, NULL, JSON_VALUE(problem, '$.status')) AS name
      FROM (
        SELECT
          *,
          IF(response_type = 'object', JSON_QUERY(said, '$.response'), NULL) AS response,
          CASE
            WHEN error_type = 'object' THEN JSON_QUERY(said, '$.error')
            WHEN status_type = 'object' THEN JSON_QUERY(said, '$.status')
          END AS problem
        FROM (
          SELECT
            *,
            JSON_TYPE(JSON_QUERY(said, '$.key')) AS key_type,
            JSON_TYPE(JSON_QUERY(said, '$.response')) AS response_type,
            JSON_TYPE(JSON_QUERY(said, '$.error')) AS error_type,
            JSON_TYPE(JSON_QUERY(said, '$.status')) AS status_type,
            JSON_VALUE(said, '$.key') AS key
          FROM (
            SELECT *, SAFE.PARSE_JSON(text, wide_number_mode => 'round') AS said
            FROM (
              SELECT line_id, file, number, line, SAFE_CAST(line AS STRING) AS text
              FROM {{ lines }}
            )
            WHERE IFNULL(REGEXP_CONTAINS(text, r'[^\s\x{FEFF}]'), TRUE)
          )
        )
      )
    )
  )
)
{%- endmacro %}
