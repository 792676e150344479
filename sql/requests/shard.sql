-- One row per request of a shard, as the service takes it; in a later attempt those that have no answer of the run yet.
--
-- queue: all that the run asks
-- shard: the shard's number, from 1; nothing where the queue is not in shards
-- answers: the prompt's answers; nothing for a first attempt
-- run_id: the run
SELECT key, request
FROM {{ queue }}
WHERE {{ 'shard = ' ~ shard if shard else 'TRUE' }}
{%- if answers %}
  AND key NOT IN (SELECT request_hash FROM {{ answers }} WHERE run_id = {{ run_id | literal }})
{%- endif %}
