-- The creator had the right, and chose, to cut rooms whose account is to keep its power.
ALTER TABLE tasks ADD COLUMN override_keep_power boolean NOT NULL DEFAULT false;
