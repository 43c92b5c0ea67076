-- What a meter counts, as its readings say; NULL before the first one. A tariff of the other resource
-- would be wrong by a factor of 1,000.
ALTER TABLE meters ADD COLUMN resource text,
    ADD CONSTRAINT ck_meters_resource CHECK (resource IN ('electricity', 'water'));
