-- One row per row of the result: whether it keeps a condition. Asked for the condition's type only.
--
-- view: the prompt's view
-- where: the condition, verbatim
SELECT (
{{ where }}
) AS bqb_condition
FROM {{ view }}
