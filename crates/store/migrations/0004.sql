-- Version 4: a body is kept while any article has it, whoever published it; and what each feed has open is counted.

CREATE INDEX body_hash  ON body (hash);
CREATE INDEX entry_open ON entry (feed) WHERE settled_at IS NULL;
