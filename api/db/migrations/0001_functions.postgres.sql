-- A list as one parameter: `x in (select value from json_each(cast($1 as text)))` runs on both engines.
CREATE FUNCTION json_each(list text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE STRICT AS
$$ select value from json_array_elements_text(list::json) as value $$;
