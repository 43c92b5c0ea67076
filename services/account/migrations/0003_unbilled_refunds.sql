-- A refund that a person with the right for it let go before the account was billed to its end.
ALTER TABLE orders ADD COLUMN override_unbilled boolean NOT NULL DEFAULT false;
