-- One row: who works on a prompt, and until when the claim holds unless it is renewed.
SELECT
  @run_id AS run_id,
  @host AS host,
  @pid AS pid,
  TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 10 MINUTE) AS expires
