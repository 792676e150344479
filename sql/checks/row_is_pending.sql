-- One row per row of a prompt's view that has no answer yet: one that builds on the view would miss it.
--
-- view: the prompt's view
SELECT key
FROM {{ view }}
WHERE _outcome = 'pending'
