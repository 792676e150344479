-- One row: an event to append to the log; its values are query parameters.
SELECT
  @event_id AS event_id,
  @run_id AS run_id,
  @prompt AS prompt,
  @event AS event,
  @shard AS shard,
  @attempt AS attempt,
  CURRENT_TIMESTAMP() AS time,
  PARSE_JSON(@details, wide_number_mode => 'round') AS details
