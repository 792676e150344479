-- Moves the end of a claim; the values are query parameters.
--
-- claim: the claim table
UPDATE {{ claim }}
SET expires = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 10 MINUTE)
WHERE run_id = @run_id
