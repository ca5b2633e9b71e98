-- What an order asks for, as people are told it. NULL: it was kept before this was.

ALTER TABLE orders ADD COLUMN about TEXT;
