"""What to write instead of a function that is refused."""

SPELLINGS = {
    "APPROX_COUNT_DISTINCT": "COUNT(DISTINCT x)",
    "APPROX_QUANTILES": "PERCENTILE_CONT(x, 0.5) OVER ()",
    "APPROX_TOP_COUNT": "COUNT(*) with GROUP BY, ORDER BY and LIMIT",
    "COLLATE": "LOWER(x)",
    "CONTAINS_SUBSTR": "STRPOS(LOWER(x), 'text in lower case') > 0",
    "FARM_FINGERPRINT": "TO_HEX(SHA256(x))",
    "IFERROR": "SAFE_CAST, SAFE_DIVIDE or SAFE.PARSE_DATE",
    "MAX_BY": "ANY_VALUE(x HAVING MAX y)",
    "MEDIAN": "PERCENTILE_CONT(x, 0.5) OVER ()",
    "MIN_BY": "ANY_VALUE(x HAVING MIN y)",
    "REGEXP_INSTR": "STRPOS(x, REGEXP_EXTRACT(x, pattern))",
    "SHA512": "SHA256(x)",
    "SYSTEM": "WHERE RAND() < 0.1",
}
