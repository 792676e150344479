-- One row: a response to append to a response table; its values are query parameters.
SELECT
  @key AS key,
  PARSE_JSON(@response, wide_number_mode => 'round') AS response,
  @status AS status,
  CURRENT_TIMESTAMP() AS processed_time
