-- One row per row of the result that is not ok, with why.
--
-- view: the prompt's view
SELECT key, _outcome, _error, _text, _finish_reason, _model, _run_id, _request_hash
FROM {{ view }}
WHERE _outcome != 'ok'
