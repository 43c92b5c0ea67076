-- Until when the hold of a trip stands by its initiator's will; nothing = until it is released.
ALTER TABLE commands
    ADD COLUMN hold_expire_time timestamptz,
    ADD CONSTRAINT ck_commands_hold_expire_time
        CHECK (hold_expire_time IS NULL OR action = 'trip');

-- Who keeps which meter off, newest first over all meters.
CREATE INDEX ix_holds_place_time ON holds (place_time, meter_id, holder);
CREATE INDEX ix_meters_foreign_open ON meters (meter_id) WHERE foreign_open;
