-- Which addresses there are is a matter of the meter's protocol, not of the table: a Modbus unit is
-- 1 .. 247, other protocols count in twelve digits.
ALTER TABLE meters DROP CONSTRAINT ck_meters_unit_id;
ALTER TABLE meters ALTER COLUMN unit_id TYPE bigint;
ALTER TABLE meters ADD CONSTRAINT ck_meters_unit_id CHECK (unit_id >= 0);
