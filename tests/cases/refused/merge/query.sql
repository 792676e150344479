-- One kind of statement that is not translated.
MERGE INTO llm.t AS t USING llm.u AS u ON t.id = u.id WHEN MATCHED THEN DELETE
