-- One row per item of an invoice; does their sum give the total?
SELECT
  key,
  vendor.name AS vendor,
  position,
  item.what,
  item.quantity,
  item.amount,
  SUM(item.amount) OVER (PARTITION BY key) = total AS adds_up
FROM invoices
CROSS JOIN UNNEST(items) AS item WITH OFFSET AS position
WHERE _outcome = 'ok'
ORDER BY key, position
