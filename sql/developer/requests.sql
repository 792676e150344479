-- One row per request of a stretch of the queue, but those that are left out.
--
-- queue: all that the run asks
-- first: the position of the first request
-- last: the position of the last one
-- without: positions to leave out
SELECT key, request
FROM {{ queue }}
WHERE position BETWEEN {{ first }} AND {{ last }}
{%- if without %}
  AND position NOT IN ({{ without | join(', ') }})
{%- endif %}
