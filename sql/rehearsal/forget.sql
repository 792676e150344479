-- Takes the rehearsals of a prompt out of the log; the values are query parameters.
--
-- log: the log table
DELETE FROM {{ log }}
WHERE prompt = @prompt
