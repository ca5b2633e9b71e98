-- Which host's place another one took, as its admission says.

ALTER TABLE hosts ADD COLUMN replaces BLOB;
