-- GoogleSQL's functions where DuckDB's differ, as native macros. Each has a case under tests/cases that GoogleSQL's
-- reference implementation answers the same. `typeof` of an argument is a constant once a macro is bound, so a CASE
-- over it costs nothing per row. Where the type of the result depends on the types of the arguments, a macro has one
-- body for each, as GoogleSQL has one signature. A body that names an argument twice makes nested calls twice as long.

CREATE SCHEMA IF NOT EXISTS googlesql;
CREATE SCHEMA IF NOT EXISTS bqbatch;

-- Statements that were carried out, so that none is carried out twice.
CREATE TABLE IF NOT EXISTS bqbatch.jobs (job_id VARCHAR, done_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS bqbatch.version (digest VARCHAR);

-- Numbers.

-- Of a NUMERIC the answer would be a NUMERIC.
CREATE OR REPLACE MACRO googlesql.no_numeric(called) AS error('bqbatch: ' || called || ' of a NUMERIC: CAST it to FLOAT64')::DOUBLE;

-- A literal such as 1.5 is NUMERIC beside a NUMERIC and FLOAT64 beside anything else.
CREATE OR REPLACE MACRO googlesql.as_number
  (beside BIGINT, literal) AS literal::DOUBLE,
  (beside DOUBLE, literal) AS literal::DOUBLE,
  (beside DECIMAL(38, 9), literal) AS literal::DECIMAL(38, 9);

CREATE OR REPLACE MACRO googlesql.multiply
  (a BIGINT, b BIGINT) AS a * b,
  (a DOUBLE, b DOUBLE) AS a * b,
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS (a * b)::DECIMAL(38, 9);

CREATE OR REPLACE MACRO googlesql.minus(a, b) AS
  CASE WHEN typeof(a) = 'DATE' AND typeof(b) = 'DATE' THEN error('bqbatch: a DATE less a DATE is an INTERVAL: write DATE_DIFF(a, b, DAY)') ELSE a - b END;

CREATE OR REPLACE MACRO googlesql.quotient(a, b) AS
  CASE WHEN b = 0 THEN error('bqbatch: division by zero: SAFE_DIVIDE gives NULL')::DOUBLE ELSE a / b END;

-- Digits of a NUMERIC as a whole number, and back from one digit more: DuckDB rounds that one away from zero.
CREATE OR REPLACE MACRO googlesql.numeric_digits(x) AS (x::DECIMAL(38, 9) * 1000000000::DECIMAL(10, 0))::HUGEINT;
CREATE OR REPLACE MACRO googlesql.numeric_quotient(a, b) AS
  ((googlesql.numeric_digits(a) * 10000000000 // googlesql.numeric_digits(b))::DECIMAL(38, 0) * 0.0000000001::DECIMAL(11, 10))::DECIMAL(38, 9);

CREATE OR REPLACE MACRO googlesql.divide
  (a DOUBLE, b DOUBLE) AS googlesql.quotient(a, b),
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS googlesql.numeric_quotient(a, b),
  (a BIGINT, b BIGINT) AS googlesql.quotient(a, b);

CREATE OR REPLACE MACRO googlesql.safe_divide
  (a DOUBLE, b DOUBLE) AS CASE WHEN b != 0 THEN a / b END,
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS googlesql.numeric_quotient(a, nullif(b, 0)),
  (a BIGINT, b BIGINT) AS CASE WHEN b != 0 THEN a / b END;

CREATE OR REPLACE MACRO googlesql.div
  (a BIGINT, b BIGINT) AS divide(a, b),
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS (googlesql.numeric_digits(a) // googlesql.numeric_digits(b))::DECIMAL(38, 9);

-- A FLOAT64 is rounded as the number it is, not as the product with a power of ten, which may be rounded itself:
-- where that product seems to lie halfway, the part that it lost (after Dekker) says on which side.
CREATE OR REPLACE MACRO googlesql.lost(x, p, product) AS
  ((x * 134217729 - (x * 134217729 - x)) * (p * 134217729 - (p * 134217729 - p)) - product)
  + (x * 134217729 - (x * 134217729 - x)) * (p - (p * 134217729 - (p * 134217729 - p)))
  + (x - (x * 134217729 - (x * 134217729 - x))) * (p * 134217729 - (p * 134217729 - p))
  + (x - (x * 134217729 - (x * 134217729 - x))) * (p - (p * 134217729 - (p * 134217729 - p)));
CREATE OR REPLACE MACRO googlesql.round_up(x, p) AS
  CASE
    WHEN abs(x) * p >= 4503599627370496 THEN x
    WHEN abs(x) * p - trunc(abs(x) * p) = 0.5 AND googlesql.lost(abs(x), p::DOUBLE, abs(x) * p) < 0 THEN sign(x) * trunc(abs(x) * p) / p
    ELSE round(x * p) / p
  END;
CREATE OR REPLACE MACRO googlesql.round
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS round(x),
  (x DECIMAL(38, 9)) AS round(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.round_off(x, p) AS
  CASE WHEN abs(x) >= 1e37 THEN x ELSE sign(x) * ((trunc(abs(x))::HUGEINT + p::HUGEINT // 2) // p::HUGEINT * p::HUGEINT)::DOUBLE END;
CREATE OR REPLACE MACRO googlesql.round_to
  (x BIGINT, digits) AS CASE WHEN digits >= 0 THEN x::DOUBLE ELSE googlesql.round_off(x::DOUBLE, pow(10, -digits)) END,
  (x DOUBLE, digits) AS CASE WHEN digits >= 0 THEN googlesql.round_up(x, pow(10, digits)) ELSE googlesql.round_off(x, pow(10, -digits)) END,
  (x DECIMAL(38, 9), digits) AS round(x, digits::INTEGER)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.ceil
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS ceil(x),
  (x DECIMAL(38, 9)) AS ceil(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.floor
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS floor(x),
  (x DECIMAL(38, 9)) AS floor(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.trunc
  (x BIGINT) AS x::DOUBLE,
  (x DOUBLE) AS trunc(x),
  (x DECIMAL(38, 9)) AS trunc(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.sign
  (x BIGINT) AS sign(x)::BIGINT,
  (x DOUBLE) AS CASE WHEN isnan(x) THEN x ELSE sign(x)::DOUBLE END,
  (x DECIMAL(38, 9)) AS sign(x)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.sqrt
  (x DOUBLE) AS CASE WHEN x < 0 THEN error('bqbatch: SQRT of a negative number') ELSE sqrt(x) END,
  (x BIGINT) AS CASE WHEN x < 0 THEN error('bqbatch: SQRT of a negative number') ELSE sqrt(x) END,
  (x DECIMAL(38, 9)) AS googlesql.no_numeric('SQRT');

-- What no FLOAT64 holds is an error: `made` of the arguments x and y.
CREATE OR REPLACE MACRO googlesql.number_from(made, x, y, called) AS
  CASE WHEN NOT isfinite(made) AND isfinite(x) AND isfinite(y) THEN error('bqbatch: ' || called || ' has no answer for this number') ELSE made END;
CREATE OR REPLACE MACRO googlesql.exp
  (x DOUBLE) AS googlesql.number_from(exp(x), x, 0, 'EXP'),
  (x BIGINT) AS googlesql.number_from(exp(x), x::DOUBLE, 0, 'EXP'),
  (x DECIMAL(38, 9)) AS googlesql.no_numeric('EXP');
CREATE OR REPLACE MACRO googlesql.logarithm(x, called) AS
  CASE WHEN x > 0 THEN ln(x) WHEN isnan(x) OR x = '-inf'::DOUBLE THEN 'nan'::DOUBLE WHEN x IS NOT NULL THEN error('bqbatch: ' || called || ' has no answer for this number') END;
CREATE OR REPLACE MACRO googlesql.ln
  (x DOUBLE) AS googlesql.logarithm(x, 'LN'),
  (x BIGINT) AS googlesql.logarithm(x::DOUBLE, 'LN'),
  (x DECIMAL(38, 9)) AS googlesql.no_numeric('LN');
CREATE OR REPLACE MACRO googlesql.log10
  (x DOUBLE) AS CASE WHEN x > 0 THEN log10(x) ELSE googlesql.logarithm(x, 'LOG10') END,
  (x BIGINT) AS CASE WHEN x > 0 THEN log10(x) ELSE googlesql.logarithm(x::DOUBLE, 'LOG10') END,
  (x DECIMAL(38, 9)) AS googlesql.no_numeric('LOG10');
CREATE OR REPLACE MACRO googlesql.log
  (x DOUBLE, base) AS CASE
    WHEN base = 1 OR isinf(base) THEN error('bqbatch: LOG has no answer for this number') ELSE googlesql.logarithm(x, 'LOG') / googlesql.logarithm(base::DOUBLE, 'LOG') END,
  (x BIGINT, base) AS CASE
    WHEN base = 1 OR isinf(base::DOUBLE) THEN error('bqbatch: LOG has no answer for this number') ELSE googlesql.logarithm(x::DOUBLE, 'LOG') / googlesql.logarithm(base::DOUBLE, 'LOG') END,
  (x DECIMAL(38, 9), base) AS googlesql.no_numeric('LOG');
CREATE OR REPLACE MACRO googlesql.pow
  (x DOUBLE, y) AS googlesql.number_from(pow(x, y), x, y::DOUBLE, 'POW'),
  (x BIGINT, y) AS googlesql.number_from(pow(x, y), x::DOUBLE, y::DOUBLE, 'POW'),
  (x DECIMAL(38, 9), y) AS googlesql.no_numeric('POW');

-- An operation that overflows gives NULL; one of NUMERICs is an error.
CREATE OR REPLACE MACRO googlesql.within(made, x, y) AS CASE WHEN isfinite(made) OR NOT isfinite(x) OR NOT isfinite(y) THEN made END;
CREATE OR REPLACE MACRO googlesql.safe_add
  (x BIGINT, y BIGINT) AS try_cast(x::HUGEINT + y::HUGEINT AS BIGINT),
  (x DOUBLE, y DOUBLE) AS googlesql.within(x + y, x, y),
  (x DECIMAL(38, 9), y DECIMAL(38, 9)) AS (x + y)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.safe_subtract
  (x BIGINT, y BIGINT) AS try_cast(x::HUGEINT - y::HUGEINT AS BIGINT),
  (x DOUBLE, y DOUBLE) AS googlesql.within(x - y, x, y),
  (x DECIMAL(38, 9), y DECIMAL(38, 9)) AS (x - y)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.safe_multiply
  (x BIGINT, y BIGINT) AS try_cast(x::HUGEINT * y::HUGEINT AS BIGINT),
  (x DOUBLE, y DOUBLE) AS googlesql.within(x * y, x, y),
  (x DECIMAL(38, 9), y DECIMAL(38, 9)) AS (x * y)::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.ieee_divide(x, y) AS x::DOUBLE / y::DOUBLE;

-- The greatest or least is NULL where one is.
CREATE OR REPLACE MACRO googlesql.unless_null(made, items) AS CASE WHEN made IS NOT NULL AND list_count(items) = len(items) THEN made END;

-- Sums of INT64 are INT64 and means of NUMERIC are NUMERIC; `beside` is what is summed, for its type.
CREATE OR REPLACE MACRO googlesql.total
  (beside BIGINT, made) AS made::BIGINT,
  (beside DOUBLE, made) AS made,
  (beside DECIMAL(38, 9), made) AS made::DECIMAL(38, 9);
CREATE OR REPLACE MACRO googlesql.mean
  (beside BIGINT, made, total, number) AS made,
  (beside DOUBLE, made, total, number) AS made,
  (beside DECIMAL(38, 9), made, total, number) AS googlesql.numeric_quotient(total, nullif(number, 0));

-- Text of values.

-- Text of a FLOAT64: 15 digits, or 17 where those are not enough. Most have few, which DuckDB prints alike but for `.0`.
-- (`least` is an AND that computes both sides, and so the text just once.)
CREATE OR REPLACE MACRO googlesql.float_text(x) AS
  CASE
    WHEN least(strlen(x::VARCHAR) <= 16, abs(x) BETWEEN 0.0001 AND 999999999999999)
      THEN CASE WHEN ends_with(x::VARCHAR, '.0') THEN left(x::VARCHAR, strlen(x::VARCHAR) - 2) ELSE x::VARCHAR END
    WHEN x = 0 THEN '0'
    WHEN isnan(x) THEN 'nan'
    WHEN isinf(x) THEN x::VARCHAR
    WHEN printf('%.15g', x)::DOUBLE = x THEN printf('%.15g', x)
    ELSE printf('%.17g', x)
  END;

-- The fraction of a time of day has three digits or six.
CREATE OR REPLACE MACRO googlesql.fraction_text(microseconds) AS
  CASE
    WHEN microseconds % 1000000 = 0 THEN ''
    WHEN microseconds % 1000 = 0 THEN printf('.%03d', microseconds // 1000 % 1000)
    ELSE printf('.%06d', microseconds % 1000000)
  END;

CREATE OR REPLACE MACRO googlesql.text_of
  (x VARCHAR) AS x,
  (x DOUBLE) AS googlesql.float_text(x),
  (x DECIMAL(38, 9)) AS rtrim(rtrim(x::VARCHAR, '0'), '.'),
  (x BIGINT) AS x::VARCHAR,
  (x HUGEINT) AS x::VARCHAR,
  (x BOOLEAN) AS x::VARCHAR,
  (x DATE) AS x::VARCHAR,
  (x TIME) AS left(x::VARCHAR, 8) || googlesql.fraction_text(microsecond(x)),
  (x TIMESTAMP) AS left(x::VARCHAR, 19) || googlesql.fraction_text(microsecond(x)),
  (x TIMESTAMPTZ) AS left(x::VARCHAR, 19) || googlesql.fraction_text(microsecond(x)) || '+00',
  (x BLOB) AS decode(x),
  (x) AS error('bqbatch: a ' || typeof(x) || ' has no text of its own')::VARCHAR;

CREATE OR REPLACE MACRO googlesql.cast_string(x, shown) AS
  CASE
    WHEN typeof(x) = 'JSON' OR ends_with(typeof(x), ']') OR ends_with(typeof(x), ')') AND NOT starts_with(typeof(x), 'DECIMAL')
      THEN error('bqbatch: `' || shown || '` is ' || typeof(x) || ', which has no text of its own')
    ELSE googlesql.text_of(x)
  END;

CREATE OR REPLACE MACRO googlesql.safe_cast_string
  (x BLOB, shown) AS try(decode(x)),
  (x, shown) AS googlesql.cast_string(x, shown);

-- What FORMAT writes for one directive. A NUMERIC is rounded away from zero and keeps its sign.
CREATE OR REPLACE MACRO googlesql.format_integer(x BIGINT, pattern) AS printf(pattern, x);
CREATE OR REPLACE MACRO googlesql.format_grouped(x BIGINT) AS format('{:,}', x);
CREATE OR REPLACE MACRO googlesql.signed(t, x) AS CASE WHEN x < 0 AND NOT starts_with(t, '-') THEN '-' || t ELSE t END;
CREATE OR REPLACE MACRO googlesql.printed(x, pattern) AS
  CASE WHEN isfinite(x) THEN printf(pattern, x + 0.0::DOUBLE) ELSE printf(regexp_replace(pattern, '%([+ ]*)0', '%\1'), CASE WHEN isnan(x) THEN 'nan'::DOUBLE ELSE x END) END;
CREATE OR REPLACE MACRO googlesql.format_fixed
  (x DOUBLE, pattern, digits) AS googlesql.printed(x, pattern),
  (x BIGINT, pattern, digits) AS error('bqbatch: FORMAT: %f of an INT64: CAST it to FLOAT64')::VARCHAR,
  (x DECIMAL(38, 9), pattern, digits) AS CASE
    WHEN NOT regexp_full_match(pattern, '%\.[0-9]f') THEN error('bqbatch: FORMAT of a NUMERIC takes %f and %.2f only: CAST it to FLOAT64')
    ELSE googlesql.signed(left(round(x, digits)::DECIMAL(38, 9)::VARCHAR, length(round(x, digits)::DECIMAL(38, 9)::VARCHAR) - CASE digits WHEN 0 THEN 10 ELSE 9 - digits END), x)
  END;
CREATE OR REPLACE MACRO googlesql.format_float
  (x DOUBLE, pattern) AS googlesql.printed(x, pattern),
  (x BIGINT, pattern) AS error('bqbatch: FORMAT: a directive of FLOAT64 meets an INT64: CAST it')::VARCHAR,
  (x DECIMAL(38, 9), pattern) AS error('bqbatch: FORMAT: CAST a NUMERIC to FLOAT64')::VARCHAR;
CREATE OR REPLACE MACRO googlesql.format_grouped_fixed(x DOUBLE, pattern) AS format(pattern, x + 0.0::DOUBLE);
CREATE OR REPLACE MACRO googlesql.format_string(x VARCHAR) AS x;
CREATE OR REPLACE MACRO googlesql.first_characters(x, n) AS left(x, n);
CREATE OR REPLACE MACRO googlesql.plain_text
  (x DOUBLE, shown) AS CASE
    WHEN x = 0 THEN printf('%.1f', x)
    WHEN regexp_full_match(googlesql.float_text(x), '-?[0-9]+') THEN googlesql.float_text(x) || '.0'
    ELSE googlesql.float_text(x)
  END,
  (x BIGINT, shown) AS x::VARCHAR,
  (x HUGEINT, shown) AS x::VARCHAR,
  (x DECIMAL(38, 9), shown) AS googlesql.text_of(x),
  (x, shown) AS googlesql.cast_string(x, shown);
CREATE OR REPLACE MACRO googlesql.aligned(t, width) AS
  CASE WHEN length(t) >= abs(width) THEN t WHEN width > 0 THEN lpad(t, width::INTEGER, ' ') ELSE rpad(t, -width::INTEGER, ' ') END;

-- JSON text of a STRING: eleven characters are written otherwise than DuckDB's to_json does. A search for a short
-- text is cheap, so that only a text that holds one of them is spelled character by character.
CREATE OR REPLACE MACRO googlesql.string_json(x) AS
  CASE
    WHEN contains(to_json(x)::VARCHAR, '\u00') OR contains(x, chr(8232)) OR contains(x, chr(8233)) THEN
      '"' || array_to_string([
        CASE WHEN unicode(c) < 32 OR unicode(c) IN (8232, 8233)
          THEN CASE c WHEN chr(8) THEN '\b' WHEN chr(9) THEN '\t' WHEN chr(10) THEN '\n' WHEN chr(12) THEN '\f' WHEN chr(13) THEN '\r'
            ELSE printf('\u%04x', unicode(c)) END
          ELSE substr(to_json(c)::VARCHAR, 2, length(to_json(c)::VARCHAR) - 2) END
        FOR c IN regexp_extract_all(x, '(?s).')
      ], '') || '"'
    ELSE to_json(x)::VARCHAR
  END;

CREATE OR REPLACE MACRO googlesql.number_json(t) AS
  CASE WHEN contains(t, '.') OR abs(try_cast(t AS HUGEINT)) > 9007199254740992 THEN '"' || t || '"' ELSE t END;
CREATE OR REPLACE MACRO googlesql.json_of
  (x VARCHAR) AS googlesql.string_json(x),
  (x DOUBLE) AS CASE WHEN NOT isfinite(x) THEN '"' || CASE WHEN isnan(x) THEN 'NaN' WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END || '"'
    ELSE googlesql.float_text(x) END,
  (x DECIMAL(38, 9)) AS googlesql.number_json(googlesql.text_of(x)),
  (x BIGINT) AS CASE WHEN x BETWEEN -9007199254740992 AND 9007199254740992 THEN x::VARCHAR ELSE '"' || x::VARCHAR || '"' END,
  (x HUGEINT) AS googlesql.number_json(x::VARCHAR),
  (x BOOLEAN) AS x::VARCHAR,
  (x DATE) AS '"' || x::VARCHAR || '"',
  (x TIME) AS '"' || googlesql.text_of(x) || '"',
  (x TIMESTAMP) AS '"' || replace(googlesql.text_of(x), ' ', 'T') || '"',
  (x TIMESTAMPTZ) AS '"' || replace(replace(googlesql.text_of(x), ' ', 'T'), '+00', 'Z') || '"',
  (x BLOB) AS '"' || to_base64(x) || '"',
  (x) AS error('bqbatch: TO_JSON_STRING of ' || typeof(x))::VARCHAR;

CREATE OR REPLACE MACRO googlesql.to_json_string(x, shown) AS
  CASE
    WHEN typeof(x) = 'JSON' THEN coalesce(json(x::VARCHAR)::VARCHAR, 'null')
    WHEN ends_with(typeof(x), '[]') OR starts_with(typeof(x), 'STRUCT') THEN
      CASE
        WHEN regexp_matches(typeof(x), 'DOUBLE|FLOAT|DECIMAL|TIME|BLOB|JSON|MAP|UNION|INTERVAL|UUID')
          THEN error('bqbatch: TO_JSON_STRING(' || shown || ') of ' || typeof(x))
        WHEN regexp_matches(to_json(x)::VARCHAR, '[\x{2028}\x{2029}]|\\u00(0[BEF]|1[A-F])|[:\[,]-?[0-9]{16,}[,}\]]')
          THEN error('bqbatch: TO_JSON_STRING(' || shown || ') meets a value that DuckDB writes otherwise')
        ELSE coalesce(to_json(x)::VARCHAR, 'null')
      END
    ELSE coalesce(googlesql.json_of(x), 'null')
  END;

-- JSON.

-- Model text is JSON only if it is JSON to the letter: DuckDB's reader also takes NaN, Infinity, a comma too many and
-- numbers no FLOAT64 holds. So its words are looked at too, in one pass; long numbers and exponents once more.
CREATE OR REPLACE MACRO googlesql.safe_parse_json(x) AS
  CASE
    WHEN regexp_full_match(x, '[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*)?(?:[:\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*)?|,[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*|[\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]{1,60}(?:[eE][-+]?[0-9]{1,2})?)[ \t\n\r]*)?)|[\]}][ \t\n\r]*)*', 's')
      THEN try_cast(x AS JSON)
    WHEN regexp_full_match(split_part(x, chr(0), 1), '\x{FEFF}?[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*)?(?:[:\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*)?|,[ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*|[\[{][ \t\n\r]*(?:(?:"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)[ \t\n\r]*)?)|[\]}][ \t\n\r]*)*', 's')
      AND NOT coalesce(list_bool_or([NOT coalesce(isfinite(try_cast(n AS DOUBLE)), FALSE)
        FOR n IN regexp_extract_all(regexp_replace(split_part(x, chr(0), 1), '"(?:[^"\\]|\\.)*"', '', 'gs'), '[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?')]), FALSE)
      THEN try_cast(regexp_replace(split_part(x, chr(0), 1), '^\x{FEFF}', '') AS JSON)
  END;

CREATE OR REPLACE MACRO googlesql.parse_json(x) AS
  CASE
    WHEN x IS NULL THEN NULL
    ELSE coalesce(googlesql.safe_parse_json(x), error('bqbatch: PARSE_JSON meets text that is not JSON')::JSON)
  END;

-- Without a mode, a number that is not sure to come back as it was written is an error.
CREATE OR REPLACE MACRO googlesql.is_exact(x) AS
  list_bool_and([strlen(n) <= 15 OR coalesce(try_cast(n AS BIGINT)::VARCHAR = n, FALSE) OR coalesce(try_cast(n AS UBIGINT)::VARCHAR = n, FALSE)
    FOR n IN regexp_extract_all(regexp_replace(x, '"(?:[^"\\]|\\.)*"', '', 'gs'), '-?[0-9][0-9.eE+-]*')]);
CREATE OR REPLACE MACRO googlesql.exact(made, x) AS
  CASE WHEN made IS NULL THEN NULL WHEN coalesce(googlesql.is_exact(x), TRUE) THEN made
    ELSE error('bqbatch: PARSE_JSON meets a number of many digits: wide_number_mode => ''round'' takes it') END;
CREATE OR REPLACE MACRO googlesql.parse_json_exact(x) AS googlesql.exact(googlesql.parse_json(x), x);
CREATE OR REPLACE MACRO googlesql.safe_parse_json_exact(x) AS googlesql.exact(googlesql.safe_parse_json(x), x);

-- GoogleSQL reads a STRING as JSON leniently and keeps its numbers as they are written: here it has to be JSON.
CREATE OR REPLACE MACRO googlesql.takes_json(shown) AS
  error('bqbatch: `' || shown || '` is a STRING, and JSON is read here: wrap it in PARSE_JSON');

-- The text of a scalar in JSON. A number is written as GoogleSQL writes it, which differs from 1e15 on and below 1e-5.
CREATE OR REPLACE MACRO googlesql.json_float(x) AS
  CASE WHEN abs(x) >= 1e15 AND abs(x) < 1e16 THEN regexp_replace(printf('%.16e', x), '\.?0*e', 'e') ELSE x::VARCHAR END;
CREATE OR REPLACE MACRO googlesql.json_number(t) AS
  CASE WHEN try_cast(t AS BIGINT)::VARCHAR = t OR try_cast(t AS UBIGINT)::VARCHAR = t THEN t ELSE googlesql.json_float(try_cast(t AS DOUBLE)) END;
CREATE OR REPLACE MACRO googlesql.json_text(v) AS
  CASE
    WHEN starts_with(v::VARCHAR, '"') AND NOT contains(v::VARCHAR, '\') THEN substr(v::VARCHAR, 2, length(v::VARCHAR) - 2)
    WHEN v::VARCHAR BETWEEN '-' AND ':' THEN CASE
      WHEN strlen(v::VARCHAR) > 15 OR contains(v::VARCHAR, 'e') OR contains(v::VARCHAR, '0.0000') THEN googlesql.json_number(v::VARCHAR)
      ELSE v::VARCHAR
    END
    ELSE json_extract_string(v, '$')
  END;
CREATE OR REPLACE MACRO googlesql.json_value
  (x, path) AS googlesql.json_text(json_value(x, path)),
  (x JSON, path, shown) AS googlesql.json_text(json_value(x, path)),
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::VARCHAR;
-- The texts at several paths, and those of an array's items, the JSON read once.
CREATE OR REPLACE MACRO googlesql.json_texts
  (x JSON, paths, shown) AS [googlesql.json_text(v) FOR v IN json_value(x, paths)],
  (x VARCHAR, paths, shown) AS googlesql.takes_json(shown)::VARCHAR[];
CREATE OR REPLACE MACRO googlesql.json_item_texts
  (x, path) AS [googlesql.json_text(v) FOR v IN json_value(x, path || '[*]')],
  (x JSON, path, shown) AS [googlesql.json_text(v) FOR v IN json_value(x, path || '[*]')],
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::VARCHAR[];
CREATE OR REPLACE MACRO googlesql.json_query
  (x, path) AS json_extract(x, path),
  (x JSON, path, shown) AS json_extract(x, path),
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::JSON;
CREATE OR REPLACE MACRO googlesql.json_query_array
  (x, path) AS CASE WHEN json_type(x, path) = 'ARRAY' THEN json_extract(x, path || '[*]')::JSON[] END,
  (x JSON, path, shown) AS CASE WHEN json_type(x, path) = 'ARRAY' THEN json_extract(x, path || '[*]')::JSON[] END,
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::JSON[];
-- An array of scalars only; an element that is null in JSON is NULL.
CREATE OR REPLACE MACRO googlesql.json_value_array(items) AS
  CASE WHEN items IS NOT NULL AND NOT coalesce(list_bool_or([json_type(item) IN ('OBJECT', 'ARRAY') FOR item IN items]), FALSE)
    THEN [googlesql.json_text(json_value(item, '$')) FOR item IN items] END;

-- Without the fields at some paths, each with the merge patch that takes it away.
CREATE OR REPLACE MACRO googlesql.without(x, paths, patches) AS
  list_reduce([x] || [patch FOR patch, nth IN patches IF json_exists(x, paths[nth])], lambda document, patch: json_merge_patch(document, patch));
CREATE OR REPLACE MACRO googlesql.json_remove
  (x, paths, patches) AS googlesql.without(x, paths, patches),
  (x JSON, paths, patches, shown) AS googlesql.without(x, paths, patches),
  (x VARCHAR, paths, patches, shown) AS googlesql.takes_json(shown)::JSON;

-- A list finds the name in one look; a CASE would read the JSON again for each of its branches.
CREATE OR REPLACE MACRO googlesql.json_type_name(name) AS
  ['object', 'array', 'string', 'boolean', 'null', 'number', 'number', 'number'][
    list_position(['OBJECT', 'ARRAY', 'VARCHAR', 'BOOLEAN', 'NULL', 'UBIGINT', 'BIGINT', 'DOUBLE'], name)];
CREATE OR REPLACE MACRO googlesql.json_type
  (x, path) AS googlesql.json_type_name(json_type(x, path)),
  (x JSON, path, shown) AS googlesql.json_type_name(json_type(x, path)),
  (x VARCHAR, path, shown) AS googlesql.takes_json(shown)::VARCHAR;
CREATE OR REPLACE MACRO googlesql.json_types
  (x JSON, paths, shown) AS [googlesql.json_type_name(name) FOR name IN json_type(x, paths)],
  (x VARCHAR, paths, shown) AS googlesql.takes_json(shown)::VARCHAR[];

-- JSON made of values: a FLOAT64 keeps its point, an INT64 all its digits.
CREATE OR REPLACE MACRO googlesql.json_literal
  (x DOUBLE, shown) AS CASE WHEN NOT isfinite(x) THEN googlesql.json_of(x) ELSE googlesql.plain_text(x + 0.0::DOUBLE, 'x') END,
  (x BIGINT, shown) AS x::VARCHAR,
  (x HUGEINT, shown) AS x::VARCHAR,
  (x DECIMAL(38, 9), shown) AS CASE WHEN abs(x) < 1000000 THEN googlesql.text_of(x) ELSE error('bqbatch: TO_JSON of a NUMERIC of many digits: CAST it to STRING')::VARCHAR END,
  (x, shown) AS googlesql.to_json_string(x, shown);

-- Values of JSON. A JSON of another type is an error, or NULL for LAX_.
CREATE OR REPLACE MACRO googlesql.no_json(x, type_name) AS CASE WHEN x IS NULL THEN NULL ELSE error('bqbatch: JSON that is no ' || type_name || ': LAX_' || type_name || ' gives NULL') END;
CREATE OR REPLACE MACRO googlesql.json_bool(x) AS CASE WHEN json_type(x) = 'BOOLEAN' THEN x::VARCHAR = 'true' END;
CREATE OR REPLACE MACRO googlesql.json_double(x) AS CASE WHEN json_type(x) IN ('DOUBLE', 'BIGINT', 'UBIGINT') THEN try_cast(x::VARCHAR AS DOUBLE) END;
CREATE OR REPLACE MACRO googlesql.json_integer(x) AS
  CASE json_type(x) WHEN 'BIGINT' THEN try_cast(x::VARCHAR AS BIGINT) WHEN 'UBIGINT' THEN try_cast(x::VARCHAR AS BIGINT)
    WHEN 'DOUBLE' THEN CASE WHEN try_cast(x::VARCHAR AS DOUBLE) = trunc(try_cast(x::VARCHAR AS DOUBLE)) THEN try_cast(try_cast(x::VARCHAR AS DOUBLE) AS BIGINT) END END;
CREATE OR REPLACE MACRO googlesql.string_value
  (x DATE) AS googlesql.text_of(x),
  (x TIMESTAMP) AS googlesql.text_of(x),
  (x TIMESTAMPTZ) AS googlesql.text_of(x),
  (x) AS CASE
    WHEN typeof(x) != 'JSON' THEN error('bqbatch: STRING takes JSON and times: CAST(x AS STRING)')::VARCHAR
    WHEN json_type(x::JSON) = 'VARCHAR' THEN json_extract_string(x::JSON, '$')
    ELSE googlesql.no_json(x::JSON, 'STRING')
  END;
CREATE OR REPLACE MACRO googlesql.bool_value(x JSON) AS coalesce(googlesql.json_bool(x), googlesql.no_json(x, 'BOOL'));
CREATE OR REPLACE MACRO googlesql.int64_value(x JSON) AS coalesce(googlesql.json_integer(x), googlesql.no_json(x, 'INT64'));
CREATE OR REPLACE MACRO googlesql.float64_value(x JSON) AS coalesce(googlesql.json_double(x), googlesql.no_json(x, 'FLOAT64'));

-- Casts of text take what GoogleSQL takes and nothing else. Most numbers are spelled as they would be printed, which
-- is quicker to tell than by a pattern.

CREATE OR REPLACE MACRO googlesql.trimmed(x) AS trim(x, e' \t\n\r\v\f');
CREATE OR REPLACE MACRO googlesql.spelled_int64(x) AS
  CASE
    WHEN regexp_matches(x, '^-0[xX]') THEN try_cast(-try_cast(substr(x, 2) AS HUGEINT) AS BIGINT)
    ELSE try_cast(ltrim(x, '+') AS BIGINT)
  END;
CREATE OR REPLACE MACRO googlesql.safe_int64
  (x VARCHAR) AS CASE
    WHEN try_cast(x AS BIGINT)::VARCHAR = x THEN try_cast(x AS BIGINT)
    WHEN regexp_full_match(x, '[\s\v]*[+-]?(?:[0-9]+|0[xX][0-9a-fA-F]+)[\s\v]*') THEN googlesql.spelled_int64(googlesql.trimmed(x))
  END,
  (x DOUBLE) AS try_cast(round(x) AS BIGINT),
  (x DECIMAL(38, 9)) AS try_cast(round(x) AS BIGINT),
  (x BIGINT) AS x,
  (x HUGEINT) AS try_cast(x AS BIGINT),
  (x BOOLEAN) AS x::BIGINT;

CREATE OR REPLACE MACRO googlesql.safe_float64
  (x VARCHAR) AS CASE
    WHEN regexp_full_match(x, '[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?') THEN try_cast(x AS DOUBLE)
    WHEN regexp_full_match(x, '(?i)[\s\v]*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)[\s\v]*') THEN try_cast(googlesql.trimmed(x) AS DOUBLE)
    WHEN regexp_full_match(x, '[\s\v]*[+-]?0[xX][0-9a-fA-F]{1,30}[\s\v]*')
      THEN CASE WHEN contains(x, '-') THEN -1 ELSE 1 END * try_cast(ltrim(googlesql.trimmed(x), '+-') AS HUGEINT)::DOUBLE
  END,
  (x DOUBLE) AS x,
  (x DECIMAL(38, 9)) AS x::VARCHAR::DOUBLE,
  (x BIGINT) AS x::DOUBLE,
  (x HUGEINT) AS x::DOUBLE;

CREATE OR REPLACE MACRO googlesql.safe_numeric
  (x VARCHAR) AS CASE
    WHEN regexp_full_match(x, '[\s\v]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[\s\v]*') THEN try_cast(googlesql.trimmed(x) AS DECIMAL(38, 9))
  END,
  (x DOUBLE) AS try_cast(try_cast(trunc(x) AS HUGEINT) AS DECIMAL(38, 9)) + try_cast(x - trunc(x) AS DECIMAL(38, 9)),
  (x DECIMAL(38, 9)) AS x,
  (x BIGINT) AS x::DECIMAL(38, 9),
  (x HUGEINT) AS try_cast(x AS DECIMAL(38, 9));

CREATE OR REPLACE MACRO googlesql.safe_bool
  (x VARCHAR) AS CASE lower(x) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END,
  (x BOOLEAN) AS x,
  (x BIGINT) AS x != 0,
  (x HUGEINT) AS x != 0;

-- What LAX_BOOL and its like make of JSON, NULL where they can't.
CREATE OR REPLACE MACRO googlesql.json_string(x) AS CASE WHEN json_type(x) = 'VARCHAR' THEN json_extract_string(x, '$') END;
CREATE OR REPLACE MACRO googlesql.lax_bool(x JSON) AS
  coalesce(googlesql.json_bool(x), googlesql.json_double(x) != 0, googlesql.safe_bool(googlesql.json_string(x)));
CREATE OR REPLACE MACRO googlesql.lax_float64(x JSON) AS coalesce(googlesql.json_double(x), googlesql.safe_float64(googlesql.json_string(x)));
CREATE OR REPLACE MACRO googlesql.whole(t VARCHAR) AS
  CASE WHEN regexp_matches(t, '[xXnN]') THEN NULL ELSE coalesce(googlesql.safe_int64(t), try_cast(round(googlesql.safe_float64(t)) AS BIGINT)) END;
CREATE OR REPLACE MACRO googlesql.lax_int64(x JSON) AS
  CASE json_type(x) WHEN 'VARCHAR' THEN googlesql.whole(googlesql.json_string(x)) WHEN 'BOOLEAN' THEN googlesql.json_bool(x)::BIGINT
    WHEN 'DOUBLE' THEN try_cast(round(googlesql.json_double(x)) AS BIGINT) ELSE googlesql.json_integer(x) END;
CREATE OR REPLACE MACRO googlesql.lax_string(x JSON) AS
  CASE json_type(x) WHEN 'DOUBLE' THEN googlesql.float_text(googlesql.json_double(x)) ELSE googlesql.json_text(json_value(x, '$')) END;

-- The 60th second of a minute is the first of the next one; its fraction counts in a TIMESTAMP alone.
CREATE OR REPLACE MACRO googlesql.text_date(x) AS
  CASE WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') AND NOT starts_with(x, '0000') THEN try_cast(x AS DATE) END;
CREATE OR REPLACE MACRO googlesql.text_time(x) AS
  CASE
    WHEN regexp_full_match(x, '(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]{1,6})?') THEN try_cast(x AS TIME)
    WHEN regexp_full_match(x, '(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:60(?:\.[0-9]{1,6})?') THEN try_cast(split_part(x, ':60', 1) || ':59' AS TIME) + INTERVAL 1 SECOND
  END;
CREATE OR REPLACE MACRO googlesql.spelled_datetime(x) AS
  CASE
    WHEN starts_with(x, '0000') THEN NULL
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ Tt](?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]{1,6})?)?') THEN try_cast(translate(x, 'Tt', '  ') AS TIMESTAMP)
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[ Tt](?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:60(?:\.[0-9]{1,6})?') THEN try_cast(replace(translate(x, 'Tt', '  '), ':60', ':59') AS TIMESTAMP) + INTERVAL 1 SECOND
  END;
CREATE OR REPLACE MACRO googlesql.text_datetime(x) AS
  nullif(CASE WHEN contains(x, ':60.') THEN date_trunc('second', googlesql.spelled_datetime(x)) ELSE googlesql.spelled_datetime(x) END, TIMESTAMP '10000-01-01 00:00:00');

-- An offset such as +5, +0530 or +05:30, up to 14 hours, taken off a time.
CREATE OR REPLACE MACRO googlesql.less_offset(moment, minutes) AS
  CASE WHEN abs(minutes) <= 840 AND year(moment - to_minutes(minutes)) BETWEEN 1 AND 9999 THEN moment - to_minutes(minutes) END;
CREATE OR REPLACE MACRO googlesql.offset_minutes(x) AS
  CASE WHEN x[1] = '-' THEN -1 ELSE 1 END * (try_cast(regexp_extract(x, '[0-9]{1,2}') AS INTEGER) * 60
    + CASE coalesce(try_cast(regexp_extract(x, '[0-9]{1,2}:?([0-9]*)', 1) AS INTEGER), 0) BETWEEN 0 AND 59
        WHEN TRUE THEN coalesce(try_cast(regexp_extract(x, '[0-9]{1,2}:?([0-9]*)', 1) AS INTEGER), 0) ELSE 1000 END);
CREATE OR REPLACE MACRO googlesql.text_timestamp(x) AS
  CASE
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ Tt][0-9:.]+[Zz]?)?') THEN googlesql.less_offset(googlesql.spelled_datetime(rtrim(x, 'Zz')), 0)
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[ Tt][0-9:.]+ UTC') THEN googlesql.less_offset(googlesql.spelled_datetime(left(x, len(x) - 4)), 0)
    WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ Tt][0-9:.]+| )[+-][0-9]{1,2}(?::?[0-9]{1,2})?') THEN googlesql.less_offset(
      googlesql.spelled_datetime(regexp_replace(x, ' ?[+-][0-9:]+$', '')), googlesql.offset_minutes(regexp_extract(x, '[+-][0-9:]+$')))
  END;

CREATE OR REPLACE MACRO googlesql.safe_date
  (x VARCHAR) AS googlesql.text_date(x),
  (x DATE) AS x,
  (x TIMESTAMP) AS x::DATE,
  (x TIMESTAMPTZ) AS x::DATE;
CREATE OR REPLACE MACRO googlesql.safe_time
  (x VARCHAR) AS googlesql.text_time(x),
  (x TIME) AS x,
  (x DATE) AS error('bqbatch: a DATE is not cast to TIME')::TIME,
  (x TIMESTAMP) AS x::TIME,
  (x TIMESTAMPTZ) AS x::TIMESTAMP::TIME;
CREATE OR REPLACE MACRO googlesql.safe_datetime
  (x VARCHAR) AS googlesql.text_datetime(x),
  (x DATE) AS x::TIMESTAMP,
  (x TIMESTAMP) AS x,
  (x TIMESTAMPTZ) AS x::TIMESTAMP;
CREATE OR REPLACE MACRO googlesql.safe_timestamp
  (x VARCHAR) AS googlesql.text_timestamp(x)::TIMESTAMPTZ,
  (x DATE) AS x::TIMESTAMPTZ,
  (x TIMESTAMP) AS x::TIMESTAMPTZ,
  (x TIMESTAMPTZ) AS x;

CREATE OR REPLACE MACRO googlesql.safe_bytes
  (x VARCHAR) AS encode(x),
  (x BLOB) AS x;

-- A cast that can't be made is an error that shows the value.
CREATE OR REPLACE MACRO googlesql.made(value, x, type_name) AS
  CASE WHEN x IS NULL THEN NULL ELSE coalesce(value, error('bqbatch: can''t cast ''' || x::VARCHAR || ''' to ' || type_name)) END;

-- Strings.

CREATE OR REPLACE MACRO googlesql.length
  (x VARCHAR) AS length(x),
  (x BLOB) AS octet_length(x);
CREATE OR REPLACE MACRO googlesql.byte_length
  (x VARCHAR) AS strlen(x),
  (x BLOB) AS octet_length(x);

CREATE OR REPLACE MACRO googlesql.some_bytes(x BLOB) AS x;
CREATE OR REPLACE MACRO googlesql.base64(x BLOB) AS to_base64(x);
-- Unicode's full case mappings (ß is SS, an İ is two characters, a Σ that ends a word is ς), and letters that are
-- newer than DuckDB's table: `letters` are mapped to the texts at the same places.
CREATE OR REPLACE MACRO googlesql.mapped(x, letters, texts) AS
  array_to_string([coalesce(list_extract(string_split(texts, ' '), list_position(string_split(letters, ' '), c)), c) FOR c IN regexp_extract_all(x, '(?s).')], '');
CREATE OR REPLACE MACRO googlesql.upper(x VARCHAR) AS
  CASE
    WHEN strlen(x) = length(x) OR NOT regexp_matches(x, '[\x{DF}\x{149}\x{19B}\x{1F0}\x{264}\x{390}\x{3B0}\x{587}\x{1C8A}\x{1E96}-\x{1E9A}\x{1F50}\x{1F52}\x{1F54}\x{1F56}\x{1F80}-\x{1FAF}\x{1FB2}-\x{1FB4}\x{1FB6}-\x{1FB7}\x{1FBC}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FC7}\x{1FCC}\x{1FD2}-\x{1FD3}\x{1FD6}-\x{1FD7}\x{1FE2}-\x{1FE4}\x{1FE6}-\x{1FE7}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FF7}\x{1FFC}\x{A7CD}\x{A7DB}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{10D70}-\x{10D85}]') THEN upper(x)
    ELSE upper(googlesql.mapped(x,
      'ß ŉ ƛ ǰ ɤ ΐ ΰ և ᲊ ẖ ẗ ẘ ẙ ẚ ὐ ὒ ὔ ὖ ᾀ ᾁ ᾂ ᾃ ᾄ ᾅ ᾆ ᾇ ᾈ ᾉ ᾊ ᾋ ᾌ ᾍ ᾎ ᾏ ᾐ ᾑ ᾒ ᾓ ᾔ ᾕ ᾖ ᾗ ᾘ ᾙ ᾚ ᾛ ᾜ ᾝ ᾞ ᾟ ᾠ ᾡ ᾢ ᾣ ᾤ ᾥ ᾦ ᾧ ᾨ ᾩ ᾪ ᾫ ᾬ ᾭ ᾮ ᾯ ᾲ ᾳ ᾴ ᾶ ᾷ ᾼ ῂ ῃ ῄ ῆ ῇ ῌ ῒ ΐ ῖ ῗ ῢ ΰ ῤ ῦ ῧ ῲ ῳ ῴ ῶ ῷ ῼ ꟍ ꟛ ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ ﬓ ﬔ ﬕ ﬖ ﬗ 𐵰 𐵱 𐵲 𐵳 𐵴 𐵵 𐵶 𐵷 𐵸 𐵹 𐵺 𐵻 𐵼 𐵽 𐵾 𐵿 𐶀 𐶁 𐶂 𐶃 𐶄 𐶅',
      'SS ʼN Ƛ J̌ Ɤ Ϊ́ Ϋ́ ԵՒ Ᲊ H̱ T̈ W̊ Y̊ Aʾ Υ̓ Υ̓̀ Υ̓́ Υ̓͂ ἈΙ ἉΙ ἊΙ ἋΙ ἌΙ ἍΙ ἎΙ ἏΙ ἈΙ ἉΙ ἊΙ ἋΙ ἌΙ ἍΙ ἎΙ ἏΙ ἨΙ ἩΙ ἪΙ ἫΙ ἬΙ ἭΙ ἮΙ ἯΙ ἨΙ ἩΙ ἪΙ ἫΙ ἬΙ ἭΙ ἮΙ ἯΙ ὨΙ ὩΙ ὪΙ ὫΙ ὬΙ ὭΙ ὮΙ ὯΙ ὨΙ ὩΙ ὪΙ ὫΙ ὬΙ ὭΙ ὮΙ ὯΙ ᾺΙ ΑΙ ΆΙ Α͂ Α͂Ι ΑΙ ῊΙ ΗΙ ΉΙ Η͂ Η͂Ι ΗΙ Ϊ̀ Ϊ́ Ι͂ Ϊ͂ Ϋ̀ Ϋ́ Ρ̓ Υ͂ Ϋ͂ ῺΙ ΩΙ ΏΙ Ω͂ Ω͂Ι ΩΙ Ꟍ Ꟛ FF FI FL FFI FFL ST ST ՄՆ ՄԵ ՄԻ ՎՆ ՄԽ 𐵐 𐵑 𐵒 𐵓 𐵔 𐵕 𐵖 𐵗 𐵘 𐵙 𐵚 𐵛 𐵜 𐵝 𐵞 𐵟 𐵠 𐵡 𐵢 𐵣 𐵤 𐵥'))
  END;
CREATE OR REPLACE MACRO googlesql.lower(x VARCHAR) AS
  CASE
    WHEN strlen(x) = length(x) OR NOT regexp_matches(x, '[\x{130}\x{1C89}\x{A7CB}-\x{A7CC}\x{A7DA}\x{A7DC}\x{10D50}-\x{10D65}Σ]') THEN lower(x)
    ELSE lower(googlesql.mapped(
      regexp_replace(x, '([\p{Lu}\p{Ll}\p{Lt}ªº\x{1C89}\x{1C8A}][\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·’‘·՟״․‧\x{387}\x{897}]*)Σ([\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·’‘·՟״․‧\x{387}\x{897}]*(?:[^\p{Lu}\p{Ll}\p{Lt}ªº\x{1C89}\x{1C8A}\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}''.:·’‘·՟״․‧\x{387}\x{897}]|$))', '\1ς\2', 'g'),
      'İ Ᲊ Ɤ Ꟍ Ꟛ Ƛ 𐵐 𐵑 𐵒 𐵓 𐵔 𐵕 𐵖 𐵗 𐵘 𐵙 𐵚 𐵛 𐵜 𐵝 𐵞 𐵟 𐵠 𐵡 𐵢 𐵣 𐵤 𐵥',
      'i̇ ᲊ ɤ ꟍ ꟛ ƛ 𐵰 𐵱 𐵲 𐵳 𐵴 𐵵 𐵶 𐵷 𐵸 𐵹 𐵺 𐵻 𐵼 𐵽 𐵾 𐵿 𐶀 𐶁 𐶂 𐶃 𐶄 𐶅'))
  END;

-- A number that says how many is not negative.
CREATE OR REPLACE MACRO googlesql.how_many(n, called) AS
  CASE WHEN n < 0 THEN error('bqbatch: ' || called || ' with a negative number') ELSE n END;
CREATE OR REPLACE MACRO googlesql.substr(x, first, characters) AS
  CASE
    WHEN first > 0 THEN substr(x, first, characters)
    WHEN first = 0 OR -first > len(x) THEN substr(x, 1, characters)
    ELSE substr(x, len(x) + first + 1, characters)
  END;
-- A word starts after white space and these signs.
CREATE OR REPLACE MACRO googlesql.initcap(x VARCHAR) AS
  array_to_string([
    CASE WHEN regexp_matches(w, '[\x{DF}\x{130}\x{149}\x{1F0}\x{390}\x{3B0}\x{587}\x{1E96}-\x{1E9A}\x{1F50}-\x{1FFC}\x{FB00}-\x{FB17}\x{19B}\x{264}\x{1C89}\x{1C8A}\x{A7CB}-\x{A7CD}\x{A7DA}-\x{A7DC}\x{10D50}-\x{10D85}]')
      THEN error('bqbatch: INITCAP meets a letter whose capital DuckDB does not know')::VARCHAR
      ELSE upper(substr(w, 1, 1)) || lower(substr(w, 2)) END
    FOR w IN regexp_extract_all(x, '(?s)[^\s\v\p{Z}\x{85}\[\](){}/|\\<>!?@"^#$&~_,.:;*%+-]+|.')
  ], '');
CREATE OR REPLACE MACRO googlesql.translate(x VARCHAR, source VARCHAR, target VARCHAR) AS
  CASE
    WHEN length(source) != list_unique(string_split(source, '')) AND source != '' THEN error('bqbatch: TRANSLATE with a character twice')
    ELSE translate(x, source, target)
  END;
-- DuckDB 2.0.1 has no piece of an empty text that is cut into characters, and one of a text that is cut at NULL.
CREATE OR REPLACE MACRO googlesql.split(x, separator) AS
  CASE WHEN separator IS NULL THEN NULL WHEN x = '' THEN [''] ELSE string_split(x, separator) END;
CREATE OR REPLACE MACRO googlesql.ascii(x VARCHAR) AS
  CASE WHEN x = '' THEN 0 WHEN unicode(x) > 127 THEN error('bqbatch: ASCII of another character: UNICODE takes it') ELSE unicode(x)::BIGINT END;
CREATE OR REPLACE MACRO googlesql.unicode(x VARCHAR) AS CASE WHEN x = '' THEN 0 ELSE unicode(x)::BIGINT END;
CREATE OR REPLACE MACRO googlesql.chr(n BIGINT) AS
  CASE WHEN n BETWEEN 0 AND 55295 OR n BETWEEN 57344 AND 1114111 THEN chr(n::INTEGER) WHEN n IS NOT NULL THEN error('bqbatch: there is no character ' || n) END;
CREATE OR REPLACE MACRO googlesql.to_code_points(x VARCHAR) AS [unicode(c)::BIGINT FOR c IN regexp_extract_all(x, '(?s).')];
CREATE OR REPLACE MACRO googlesql.code_points_to_string(items) AS
  CASE WHEN list_count(items) = len(items) THEN array_to_string([googlesql.chr(n) FOR n IN items], '') END;
-- Other normal forms than NFC DuckDB does not know.
CREATE OR REPLACE MACRO googlesql.normalize(x VARCHAR) AS nfc_normalize(x);
CREATE OR REPLACE MACRO googlesql.reverse(x) AS array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), '');
CREATE OR REPLACE MACRO googlesql.pad(x, n, pattern) AS
  CASE WHEN pattern = '' THEN error('bqbatch: LPAD and RPAD need a pattern that is not empty') ELSE substr(repeat(pattern, n), 1, n - length(x)) END;
CREATE OR REPLACE MACRO googlesql.lpad(x, n, pattern) AS
  CASE WHEN length(x) >= googlesql.how_many(n, 'LPAD') THEN substr(x, 1, n) ELSE googlesql.pad(x, n, pattern) || x END;
CREATE OR REPLACE MACRO googlesql.rpad(x, n, pattern) AS
  CASE WHEN length(x) >= googlesql.how_many(n, 'RPAD') THEN substr(x, 1, n) ELSE x || googlesql.pad(x, n, pattern) END;
CREATE OR REPLACE MACRO googlesql.regexp_extract(x, pattern, nth) AS
  coalesce(nullif(regexp_extract(x, pattern, nth), ''), CASE WHEN regexp_matches(x, pattern) THEN '' END);
-- Where a pattern matches nothing at the end of a text, the engines count differently.
CREATE OR REPLACE MACRO googlesql.regexp_extract_all(x, pattern, nth) AS
  CASE
    WHEN regexp_full_match('', replace(replace(pattern, '\b', ''), '\B', '')) THEN error('bqbatch: REGEXP_EXTRACT_ALL with a pattern that may match nothing: write + for *')
    ELSE regexp_extract_all(x, pattern, nth)
  END;

-- Arrays.

CREATE OR REPLACE MACRO googlesql.item_at(items, place) AS
  CASE
    WHEN place < 1 OR place > len(items) THEN error('bqbatch: array index out of bounds: SAFE_OFFSET and SAFE_ORDINAL give NULL')
    ELSE list_extract(items, place)
  END;
CREATE OR REPLACE MACRO googlesql.safe_item_at(items, place) AS CASE WHEN place >= 1 THEN list_extract(items, place) END;
-- An item of JSON, or of an array, which has to be there. (A macro for JSON would take arrays too.)
CREATE OR REPLACE MACRO googlesql.item(x, place) AS
  CASE
    WHEN typeof(x) = 'JSON' AND place < 0 THEN NULL
    WHEN typeof(x) != 'JSON' AND (place < 0 OR place >= len(x)) THEN error('bqbatch: array index out of bounds: SAFE_OFFSET and SAFE_ORDINAL give NULL')
    ELSE x[place + CASE WHEN typeof(x) = 'JSON' THEN 0 ELSE 1 END]
  END;
CREATE OR REPLACE MACRO googlesql.item_named(x JSON, name) AS json_extract(x, '$."' || name || '"');
CREATE OR REPLACE MACRO googlesql.array_text
  (items VARCHAR[], separator) AS CASE WHEN items IS NOT NULL THEN array_to_string(list_filter(items, lambda item: item IS NOT NULL), separator) END,
  (items VARCHAR[], separator, for_null) AS CASE WHEN items IS NOT NULL THEN array_to_string([coalesce(item, for_null) FOR item IN items], separator) END;
CREATE OR REPLACE MACRO googlesql.generate_array(first BIGINT, last BIGINT, step BIGINT) AS
  CASE WHEN step = 0 THEN error('bqbatch: GENERATE_ARRAY with a step of 0') ELSE generate_series(first, last, step) END;
CREATE OR REPLACE MACRO googlesql.array_end(items, place, called) AS
  CASE WHEN len(items) = 0 THEN error('bqbatch: ' || called || ' of an empty array: SAFE_OFFSET gives NULL') ELSE list_extract(items, place) END;
-- Places from 0, those below 0 from the end.
CREATE OR REPLACE MACRO googlesql.place_from(place, items) AS CASE WHEN place < 0 THEN place + len(items) ELSE place END;
CREATE OR REPLACE MACRO googlesql.array_slice(items, first BIGINT, last BIGINT) AS
  CASE
    WHEN items IS NULL OR first IS NULL OR last IS NULL THEN NULL
    WHEN googlesql.place_from(last, items) < 0 THEN list_slice(items, 2, 1)
    ELSE list_slice(items, greatest(googlesql.place_from(first, items), 0) + 1, googlesql.place_from(last, items) + 1)
  END;
CREATE OR REPLACE MACRO googlesql.array_concat(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_concat(a, b) END;

-- Dates and times. GoogleSQL's years go from 1 to 9999 and its weeks start on Sunday.

CREATE OR REPLACE MACRO googlesql.date_within(x) AS
  CASE WHEN x BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN x WHEN x IS NOT NULL THEN error('bqbatch: a date outside of the years 1 to 9999') END;
CREATE OR REPLACE MACRO googlesql.time_within(x) AS
  CASE WHEN year(x) BETWEEN 1 AND 9999 THEN x WHEN x IS NOT NULL THEN error('bqbatch: a time outside of the years 1 to 9999') END;
CREATE OR REPLACE MACRO googlesql.moved_date(x DATE, by_interval INTERVAL) AS googlesql.date_within((x + by_interval)::DATE);
CREATE OR REPLACE MACRO googlesql.moved_timestamp(x TIMESTAMPTZ, by_interval INTERVAL) AS googlesql.time_within(x + by_interval);
CREATE OR REPLACE MACRO googlesql.moved_datetime(x TIMESTAMP, by_interval INTERVAL) AS googlesql.time_within(x + by_interval);

CREATE OR REPLACE MACRO googlesql.moved_time(x TIME, by_interval INTERVAL) AS x + by_interval;
CREATE OR REPLACE MACRO googlesql.a_time(x TIME) AS x;
CREATE OR REPLACE MACRO googlesql.moment_of(x) AS DATE '1970-01-01' + x;
CREATE OR REPLACE MACRO googlesql.microseconds_of_day(x TIME) AS epoch_us(x);
CREATE OR REPLACE MACRO googlesql.clock_trunc(x TIME, size) AS TIME '00:00:00' + to_microseconds(epoch_us(x) // size * size);
CREATE OR REPLACE MACRO googlesql.time_of
  (x TIME) AS x,
  (x TIMESTAMP) AS x::TIME,
  (x TIMESTAMPTZ) AS x::TIMESTAMP::TIME;
-- Of numbers; the 60th second is the first of the next minute.
CREATE OR REPLACE MACRO googlesql.make_time(h BIGINT, m BIGINT, s BIGINT) AS
  googlesql.made(googlesql.text_time(h || ':' || m || ':' || s), h || ':' || m || ':' || s, 'TIME');
CREATE OR REPLACE MACRO googlesql.make_datetime(y BIGINT, mo BIGINT, d BIGINT, h BIGINT, m BIGINT, s BIGINT) AS
  googlesql.made(
    googlesql.text_datetime(lpad(y::VARCHAR, 4, '0') || '-' || mo || '-' || d || ' ' || h || ':' || m || ':' || s),
    y || '-' || mo || '-' || d || ' ' || h || ':' || m || ':' || s, 'DATETIME');

-- What PARSE_DATE and its like read. A text that is not sure to be read, and not sure not to be, is an error.
CREATE OR REPLACE MACRO googlesql.four_digits(t) AS CASE WHEN t != '' THEN lpad(t, 4, '0') END;
CREATE OR REPLACE MACRO googlesql.full_year(t) AS (try_cast(t AS BIGINT) + CASE WHEN try_cast(t AS BIGINT) >= 69 THEN 1900 ELSE 2000 END)::VARCHAR;
CREATE OR REPLACE MACRO googlesql.month_named(t, months) AS list_position(string_split(months, ' '), lower(left(t, 3)))::VARCHAR;
CREATE OR REPLACE MACRO googlesql.full_hour(t, half) AS
  (CASE WHEN try_cast(t AS BIGINT) BETWEEN 1 AND 12 THEN try_cast(t AS BIGINT) % 12 + CASE WHEN lower(half) = 'pm' THEN 12 ELSE 0 END END)::VARCHAR;
CREATE OR REPLACE MACRO googlesql.zone_minutes(t) AS CASE WHEN t = 'Z' THEN 0 ELSE googlesql.offset_minutes(t) END;
CREATE OR REPLACE MACRO googlesql.read_moment(moment, x, strict, loose, called, safe) AS
  CASE
    WHEN x IS NULL THEN NULL
    WHEN moment IS NOT NULL THEN moment
    WHEN NOT regexp_matches(x, strict) AND regexp_matches(x, loose) THEN error('bqbatch: ' || called || ' meets ''' || x || ''', which is not read here')
    WHEN NOT safe THEN error('bqbatch: ' || called || ' can''t read ''' || x || '''')
  END;

CREATE OR REPLACE MACRO googlesql.in_zone(x TIMESTAMPTZ, zone) AS googlesql.time_within(timezone(zone, x));
CREATE OR REPLACE MACRO googlesql.a_date(x DATE) AS x;
CREATE OR REPLACE MACRO googlesql.a_datetime(x TIMESTAMP) AS x;
CREATE OR REPLACE MACRO googlesql.a_timestamp(x TIMESTAMPTZ) AS x;
CREATE OR REPLACE MACRO googlesql.date_of
  (x DATE) AS x,
  (x TIMESTAMP) AS x::DATE,
  (x TIMESTAMPTZ) AS x::DATE;
CREATE OR REPLACE MACRO googlesql.timestamp_of
  (x VARCHAR) AS googlesql.made(googlesql.safe_timestamp(x), x, 'TIMESTAMP'),
  (x DATE) AS x::TIMESTAMPTZ,
  (x TIMESTAMP) AS x::TIMESTAMPTZ,
  (x TIMESTAMPTZ) AS x;
CREATE OR REPLACE MACRO googlesql.datetime_with
  (x DATE, y TIME) AS x + y;
CREATE OR REPLACE MACRO googlesql.datetime_of
  (x VARCHAR) AS googlesql.made(googlesql.safe_datetime(x), x, 'DATETIME'),
  (x DATE) AS x::TIMESTAMP,
  (x TIMESTAMP) AS x,
  (x TIMESTAMPTZ) AS x::TIMESTAMP;

-- The day on which a week starts that starts on the weekday `first`, counted from Sunday; and its number in the year.
CREATE OR REPLACE MACRO googlesql.week_start(x, first) AS x - ((dayofweek(x) - first + 7) % 7)::INTEGER;
CREATE OR REPLACE MACRO googlesql.week(x, first) AS (dayofyear(x) + 6 - (dayofweek(x) - first + 7) % 7) // 7;
CREATE OR REPLACE MACRO googlesql.iso_year_start(x) AS date_trunc('week', make_date(isoyear(x), 1, 4))::DATE;

CREATE OR REPLACE MACRO googlesql.four_digit_year(x) AS
  CASE WHEN year(x) < 1000 THEN error('bqbatch: a year before 1000 is not formatted here') ELSE x END;
CREATE OR REPLACE MACRO googlesql.whole_parts(x, size) AS (x - ((x % size) + size) % size) // size;
CREATE OR REPLACE MACRO googlesql.generate_date_array(first DATE, last DATE, step INTERVAL) AS
  [moment::DATE FOR moment IN generate_series(first::TIMESTAMP, last::TIMESTAMP, step)];

-- From a day that every month has.
CREATE OR REPLACE MACRO googlesql.generate_month_array(first DATE, last DATE, step INTERVAL) AS
  CASE WHEN day(first) > 28 THEN error('bqbatch: GENERATE_DATE_ARRAY by months from a day after the 28th: start on the 1st')
    ELSE [moment::DATE FOR moment IN generate_series(first::TIMESTAMP, last::TIMESTAMP, step)] END;
CREATE OR REPLACE MACRO googlesql.generate_timestamp_array(first TIMESTAMPTZ, last TIMESTAMPTZ, step INTERVAL) AS
  [moment::TIMESTAMPTZ FOR moment IN generate_series(first::TIMESTAMP, last::TIMESTAMP, step)];

-- INFORMATION_SCHEMA of a dataset. What only BigQuery knows of a table is NULL.

-- GoogleSQL's name of a type: scalars first, then arrays of them, then STRUCTs from the inside out.
CREATE OR REPLACE MACRO googlesql.scalar_names(t) AS
  regexp_replace(regexp_replace(regexp_replace(regexp_replace(replace(regexp_replace(replace(replace(regexp_replace(regexp_replace(
    t, '\bDECIMAL\([0-9, ]+\)', 'NUMERIC', 'g'), '\b(?:U?(?:BIG|SMALL|TINY|HUGE)INT|U?INTEGER)\b', 'INT64', 'g'),
    'TIMESTAMP WITH TIME ZONE', '@'), '"', ''), '\bTIMESTAMP\b', 'DATETIME', 'g'), '@', 'TIMESTAMP'),
    '\b(?:VARCHAR|UUID)\b', 'STRING', 'g'), '\b(?:DOUBLE|FLOAT)\b', 'FLOAT64', 'g'), '\bBOOLEAN\b', 'BOOL', 'g'), '\bBLOB\b', 'BYTES', 'g');
CREATE OR REPLACE MACRO googlesql.struct_names(t) AS
  regexp_replace(regexp_replace(t, 'STRUCT\(([^()]*)\)\[\]', 'ARRAY<STRUCT<\1>>', 'g'), 'STRUCT\(([^()]*)\)', 'STRUCT<\1>', 'g');
CREATE OR REPLACE MACRO googlesql.type_name(t) AS
  googlesql.struct_names(googlesql.struct_names(googlesql.struct_names(googlesql.struct_names(googlesql.struct_names(
    regexp_replace(googlesql.scalar_names(t), '\b(\w+)\[\]', 'ARRAY<\1>', 'g'))))));
CREATE OR REPLACE MACRO googlesql.information_columns(dataset) AS TABLE
  SELECT
    database_name AS table_catalog, schema_name AS table_schema, table_name, column_name, column_index::BIGINT AS ordinal_position,
    CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, googlesql.type_name(data_type) AS data_type,
    'NEVER' AS is_generated, NULL::VARCHAR AS generation_expression, NULL::VARCHAR AS is_stored, 'NO' AS is_hidden, NULL::VARCHAR AS is_updatable,
    'NO' AS is_system_defined, 'NO' AS is_partitioning_column, NULL::BIGINT AS clustering_ordinal_position
  FROM duckdb_columns()
  WHERE database_name = current_database() AND schema_name = dataset;
CREATE OR REPLACE MACRO googlesql.information_tables(dataset) AS TABLE
  SELECT
    table_catalog, table_schema, table_name, table_type, CASE table_type WHEN 'VIEW' THEN 'NO' ELSE 'YES' END AS is_insertable_into,
    'NO' AS is_typed, NULL::TIMESTAMPTZ AS creation_time
  FROM information_schema.tables
  WHERE table_catalog = current_database() AND table_schema = dataset;

-- What the adapter itself asks.

CREATE OR REPLACE MACRO bqbatch.comment_of(in_schema, of_name) AS TABLE
  SELECT comment, FALSE AS is_view FROM duckdb_tables() WHERE schema_name = in_schema AND table_name = of_name
  UNION ALL
  SELECT comment, TRUE FROM duckdb_views() WHERE schema_name = in_schema AND view_name = of_name;

CREATE OR REPLACE MACRO bqbatch.names_in(in_schema) AS TABLE
  SELECT table_name FROM information_schema.tables WHERE table_schema = in_schema ORDER BY table_name;

CREATE OR REPLACE MACRO bqbatch.is_done(id) AS TABLE
  SELECT count(*) > 0 AS done FROM bqbatch.jobs WHERE job_id = id;
