-- Takes out why runs of a prompt failed: a message may name a row, its key or its values.
--
-- log: the log table
-- prompt: the prompt's name
UPDATE {{ log }}
SET details = TO_JSON(STRUCT('taken out when keys were erased' AS message))
WHERE prompt = {{ prompt | literal }} AND event = 'failed'
