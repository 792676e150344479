-- One row per request of a shard, as the service takes it; in a later attempt those that have no answer of the run yet.
--
-- queue: all that the run asks
-- first: the position of the shard's first request; nothing where the queue is one shard
-- last: the position of its last one
-- answers: the prompt's answers; nothing for a first attempt
-- run_id: the run
SELECT key, request
FROM {{ queue }}
WHERE {{ 'position BETWEEN ' ~ first ~ ' AND ' ~ last if first else 'TRUE' }}
{%- if answers %}
  AND key NOT IN (SELECT request_hash FROM {{ answers }} WHERE run_id = {{ run_id | literal }})
{%- endif %}
