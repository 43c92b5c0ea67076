-- Water beside energy: what a meter counts, and how much of it per hour.
ALTER TABLE meters
    ADD COLUMN resource text NOT NULL DEFAULT 'electricity',
    ADD CONSTRAINT ck_meters_resource CHECK (resource IN ('electricity', 'water'));
ALTER TABLE room_hours ADD COLUMN water_ml bigint NOT NULL DEFAULT 0;
