-- One row per request of a sample: one of each stratum, where strata are as many of the requests, from short to long.
--
-- queue: the requests to be asked: key, input_tokens as estimated
-- size: how many
{# A key is a SHA-256 in hexadecimal digits, and so as good as drawn by lot: the first of a stratum is a random one, and the same
   in whatever run. The strata are of the first thousand keys for each that is wanted: no machine has to sort all. -#}
SELECT MIN(key) AS key
FROM (
  SELECT key, NTILE({{ size }}) OVER (ORDER BY input_tokens, key) AS stratum
  FROM (
    SELECT key, input_tokens
    FROM {{ queue }}
    ORDER BY key
    LIMIT {{ size * 1000 }}
  )
)
GROUP BY stratum
