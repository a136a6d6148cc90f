/** Everything of Longshore's is in a schema of its own. */
export const SCHEMA = "longshore";

/**
 * What SQLite has and PostgreSQL has not, or has otherwise: so that both run the same statements. JSON is text; a path is as in SQLite, which is also one of
 * PostgreSQL's.
 */
export const FUNCTIONS: readonly string[] = [
  pure("json_text(json text, path text)", "text", `jsonb_path_query_first(json::jsonb, path::jsonpath) #>> '{}'`),
  pure("json_part(json text, path text)", "text", `jsonb_path_query_first(json::jsonb, path::jsonpath)::text`),
  pure("json_item(json text, index integer)", "text", unescaped("json::jsonb ->> index")),
  operator("->>", "text", "json_text"),
  operator("->", "text", "json_part"),
  operator("->>", "integer", "json_item"),
  // Of members of the object itself.
  pure("json_member(path text)", "text[]", `ARRAY[substr(path, 3)]`),
  pure("json_set(json text, path text, value json)", "text", set("value::jsonb")),
  pure("json_set(json text, path text, value text)", "text", set("to_jsonb(value)")),
  pure("json_set(json text, path text, value bigint)", "text", set("to_jsonb(value)")),
  pure("json_replace(json text, path text, value bigint)", "text", set("to_jsonb(value)", false)),
  // A merge patch (RFC 7396).
  `CREATE OR REPLACE FUNCTION json_merged(target jsonb, patch jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
   DECLARE
     merged jsonb := CASE jsonb_typeof(target) WHEN 'object' THEN target ELSE '{}' END;
     member record;
   BEGIN
     IF jsonb_typeof(patch) <> 'object' THEN RETURN patch; END IF;
     FOR member IN SELECT * FROM jsonb_each(patch) LOOP
       IF jsonb_typeof(member.value) = 'null' THEN
         merged := merged - member.key;
       ELSE
         merged := merged || jsonb_build_object(member.key, ${SCHEMA}.json_merged(merged -> member.key, member.value));
       END IF;
     END LOOP;
     RETURN merged;
   END $$`,
  pure("json_patch(target text, patch text)", "text", `${SCHEMA}.json_merged(target::jsonb, patch::jsonb)::text`),
  `CREATE OR REPLACE FUNCTION json_each(json text) RETURNS TABLE (key text, value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT (ordinality - 1)::text, ${unescaped("element #>> '{}'")}
     FROM jsonb_array_elements(CASE WHEN jsonb_typeof(json::jsonb) = 'array' THEN json::jsonb ELSE '[]' END)
       WITH ORDINALITY AS items (element)
     UNION ALL
     SELECT key, ${unescaped("value")} FROM jsonb_each_text(CASE WHEN jsonb_typeof(json::jsonb) = 'object' THEN json::jsonb ELSE '{}' END) $$`,
  `CREATE OR REPLACE FUNCTION json_each(json text, path text) RETURNS TABLE (key text, value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT * FROM ${SCHEMA}.json_each(${SCHEMA}.json_part(json, path)) $$`,
  pure("min(a bigint, b bigint)", "bigint", "least(a, b)"),
  pure("max(a bigint, b bigint)", "bigint", "greatest(a, b)"),
  // Epoch seconds, now: not when the transaction began.
  `CREATE OR REPLACE FUNCTION unixepoch(what text) RETURNS double precision LANGUAGE sql VOLATILE AS $$
     SELECT extract(epoch FROM clock_timestamp())::double precision $$`,
  `CREATE OR REPLACE AGGREGATE total (double precision) (SFUNC = float8pl, STYPE = double precision, INITCOND = '0')`,
];

/** Its one expression goes where it is called, so that an index on it is found. */
function pure(signature: string, returns: string, expression: string): string {
  return `CREATE OR REPLACE FUNCTION ${signature} RETURNS ${returns} LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT ${expression} $$`;
}

/** A NUL of a JSON string becomes one of a text: see text.ts. */
function unescaped(text: string): string {
  return `replace(${text}, U&'\\FDD00000', U&'\\FDD0n')`;
}

function set(value: string, adds = true): string {
  return `jsonb_set(json::jsonb, ${SCHEMA}.json_member(path), ${value}, ${adds})::text`;
}

function operator(name: string, right: string, called: string): string {
  return `DO $$ BEGIN
    IF to_regoperator('${SCHEMA}.${name} (text, ${right})') IS NULL THEN
      CREATE OPERATOR ${SCHEMA}.${name} (LEFTARG = text, RIGHTARG = ${right}, FUNCTION = ${SCHEMA}.${called});
    END IF;
  END $$`;
}
