-- What a meter in quarantine shows now may be the last good register going on, its cause mended: then
-- DISCARD is said of what was refused, not of that.
ALTER TABLE rejected_readings ADD COLUMN latest_fits boolean NOT NULL DEFAULT false;
