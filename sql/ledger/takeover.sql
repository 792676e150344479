-- Moves a claim whose holder is gone to another run; the values are query parameters.
--
-- claim: the claim table
UPDATE {{ claim }}
SET run_id = @run_id, host = @host, pid = @pid, expires = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 10 MINUTE)
WHERE run_id = @gone
