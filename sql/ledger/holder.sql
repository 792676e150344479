-- One row: who holds a prompt, and whether the claim has run out.
--
-- claim: the claim table
SELECT run_id, host, pid, expires < CURRENT_TIMESTAMP() AS expired
FROM {{ claim }}
