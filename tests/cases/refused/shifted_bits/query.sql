-- Bits are not shifted.
SELECT 1 << 3 AS x
