-- A row per customer whose ticket is worth asking about: a query of 200 lines, as analysts write them.
WITH
  RECURSIVE teams AS (
    SELECT
      team_id,
      parent_id,
      name,
      1 AS level,
      name AS path
    FROM llm.teams
    WHERE parent_id IS NULL
    UNION ALL
    SELECT
      t.team_id,
      t.parent_id,
      t.name,
      p.level + 1 AS level,
      CONCAT(p.path, ' > ', t.name) AS path
    FROM llm.teams AS t
    JOIN teams AS p ON t.parent_id = p.team_id
    WHERE p.level < 8
  ),
  events AS (
    SELECT
      customer_id,
      TIMESTAMP_TRUNC(happened_at, HOUR) AS happened_hour,
      LOWER(TRIM(kind)) AS kind,
      SAFE_CAST(JSON_VALUE(payload, '$.amount') AS NUMERIC) AS amount,
      JSON_VALUE(payload, '$.currency') AS currency,
      COALESCE(JSON_VALUE(payload, '$.channel'), 'unknown') AS channel,
      JSON_VALUE_ARRAY(payload, '$.tags') AS tags,
      STRING(payload.device.os) AS os
    FROM llm.events
    WHERE happened_at >= TIMESTAMP '2024-01-01 00:00:00+00'
      AND happened_at < TIMESTAMP_ADD(TIMESTAMP '2024-01-01', INTERVAL 366 DAY)
      AND kind IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY loaded_at DESC) = 1
  ),
  orders AS (
    SELECT
      customer_id,
      COUNT(*) AS orders,
      COUNTIF(amount > 100) AS large_orders,
      SUM(amount) AS total,
      AVG(amount) AS mean,
      MIN(happened_hour) AS first_at,
      MAX(happened_hour) AS last_at,
      ANY_VALUE(currency) AS currency,
      ARRAY_AGG(STRUCT(happened_hour AS hour, amount AS amount) ORDER BY happened_hour DESC LIMIT 5) AS latest
    FROM events
    WHERE kind IN ('order', 'reorder', 'subscription')
    GROUP BY customer_id
    HAVING COUNT(*) > 1
  ),
  monthly AS (
    SELECT
      customer_id,
      month,
      SUM(amount) AS total,
      SUM(SUM(amount)) OVER (PARTITION BY customer_id ORDER BY month) AS running,
      LAG(SUM(amount)) OVER (PARTITION BY customer_id ORDER BY month) AS before
    FROM (
      SELECT
        customer_id,
        amount,
        DATE_TRUNC(DATE(happened_hour), MONTH) AS month
      FROM events
      WHERE amount IS NOT NULL
    )
    GROUP BY customer_id, month
  ),
  growth AS (
    SELECT
      customer_id,
      month,
      total,
      running,
      SAFE_DIVIDE(total - before, before) AS rate,
      CASE
        WHEN before IS NULL THEN 'new'
        WHEN total > before * 1.5 THEN 'growing'
        WHEN total < before / 2 THEN 'shrinking'
        ELSE 'steady'
      END AS trend,
      RANK() OVER (PARTITION BY customer_id ORDER BY month DESC) AS age
    FROM monthly
  ),
  channels AS (
    SELECT *
    FROM (SELECT customer_id, channel, 1 AS n FROM events)
    PIVOT (SUM(n) AS channel FOR channel IN ('web', 'mail', 'phone', 'shop'))
  ),
  tags AS (
    SELECT
      e.customer_id,
      tag,
      COUNT(*) AS n,
      STRING_AGG(DISTINCT e.os, ', ' ORDER BY e.os) AS systems
    FROM events AS e
    CROSS JOIN UNNEST(e.tags) AS tag WITH OFFSET AS place
    WHERE place < 10
      AND NOT STARTS_WITH(tag, 'internal:')
      AND REGEXP_CONTAINS(tag, r'^[a-z][a-z0-9_-]{1,30}$')
    GROUP BY customer_id, tag
  ),
  top_tags AS (
    SELECT
      customer_id,
      STRING_AGG(CONCAT(tag, ' (', CAST(n AS STRING), ')'), ', ' ORDER BY n DESC, tag LIMIT 5) AS tags
    FROM tags
    GROUP BY customer_id
  ),
  tickets AS (
    SELECT
      ticket_id,
      customer_id,
      team_id,
      opened_at,
      closed_at,
      TRIM(REGEXP_REPLACE(REGEXP_REPLACE(body, r'<[^>]*>', ' '), r'\s+', ' ')) AS body,
      REGEXP_EXTRACT(subject, r'^\[([A-Z]+)\]') AS code,
      SPLIT(subject, ':')[SAFE_OFFSET(0)] AS prefix,
      TIMESTAMP_DIFF(COALESCE(closed_at, CURRENT_TIMESTAMP()), opened_at, HOUR) AS hours_open,
      EXTRACT(DAYOFWEEK FROM opened_at) IN (1, 7) AS on_weekend,
      TO_HEX(SHA256(CONCAT(CAST(ticket_id AS STRING), '|', body))) AS digest,
      ARRAY(
        SELECT AS STRUCT
          c.author,
          SUBSTR(c.body, 1, 500) AS body,
          c.written_at
        FROM UNNEST(comments) AS c
        WHERE c.body IS NOT NULL
        ORDER BY c.written_at DESC
        LIMIT 3
      ) AS comments
    FROM llm.tickets
    WHERE status NOT IN ('spam', 'duplicate')
      AND LENGTH(body) BETWEEN 20 AND 20000
      AND (priority >= 2 OR escalated IS TRUE)
  ),
  latest_tickets AS (
    SELECT *
    FROM tickets
    QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY opened_at DESC, ticket_id) <= 3
  ),
  regions AS (
    SELECT 'DE' AS country, 'Central' AS region UNION ALL
    SELECT 'AT', 'Central' UNION ALL
    SELECT 'FR', 'West' UNION ALL
    SELECT 'ES', 'West' UNION ALL
    SELECT 'PL', 'East'
  )
SELECT
  t.ticket_id AS key,
  c.customer_id,
  INITCAP(c.name) AS name,
  COALESCE(r.region, 'Elsewhere') AS region,
  s.path AS team,
  t.code,
  t.prefix,
  t.hours_open,
  t.on_weekend,
  t.digest,
  o.orders,
  ROUND(o.total, 2) AS total,
  FORMAT('%.1f %%', 100 * IFNULL(g.rate, 0.0)) AS rate,
  g.trend,
  h.channel_web AS web,
  h.channel_mail AS mail,
  h.channel_phone AS phone,
  IF(h.channel_shop > 0, 'has a shop nearby', NULL) AS shop,
  (SELECT MAX(x.amount) FROM UNNEST(o.latest) AS x) AS largest_of_late,
  ARRAY_LENGTH(t.comments) AS comments,
  DATE_DIFF(CURRENT_DATE(), DATE(o.first_at), DAY) AS days_known,
  PERCENT_RANK() OVER (ORDER BY o.total) AS percentile,
  NTILE(10) OVER (PARTITION BY r.region ORDER BY o.total DESC) AS tenth,
  CONCAT(
    'A customer since ', FORMAT_DATE('%B %Y', DATE(o.first_at)),
    ' with ', CAST(o.orders AS STRING), ' orders wrote:\n\n', t.body,
    COALESCE(CONCAT('\n\nTags: ', k.tags), ''),
    IF(
      ARRAY_LENGTH(t.comments) > 0,
      CONCAT('\n\nComments:\n', (SELECT STRING_AGG(CONCAT('- ', x.body), '\n' ORDER BY o) FROM UNNEST(t.comments) AS x WITH OFFSET AS o)),
      ''
    )
  ) AS prompt
FROM latest_tickets AS t
JOIN llm.customers AS c USING (customer_id)
LEFT JOIN orders AS o ON o.customer_id = c.customer_id
LEFT JOIN growth AS g ON g.customer_id = c.customer_id AND g.age = 1
LEFT JOIN channels AS h ON h.customer_id = c.customer_id
LEFT JOIN top_tags AS k ON k.customer_id = c.customer_id
LEFT JOIN teams AS s ON s.team_id = t.team_id
LEFT JOIN regions AS r ON r.country = UPPER(c.country)
WHERE c.deleted_at IS NULL
  AND EXISTS (SELECT 1 FROM tags AS x WHERE x.customer_id = c.customer_id AND x.n > 1)
  AND (c.name LIKE 'A%' OR c.name NOT LIKE '%test%')
  AND o.total BETWEEN 10 AND 1e6
ORDER BY o.total DESC, t.ticket_id
LIMIT 10000
