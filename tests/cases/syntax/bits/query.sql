-- Bits of INT64: and, or, either, not.
SELECT n, a & b AS both_bits, a | b AS any_bit, a ^ b AS one_bit, ~a AS other, a & b | 1 AS ranks, a - 1 & 7 AS less_first
FROM UNNEST([STRUCT(1 AS n, 6 AS a, 3 AS b), (2, -1, 5), (3, NULL, 1), (4, 9223372036854775807, -9223372036854775808)])
ORDER BY n
