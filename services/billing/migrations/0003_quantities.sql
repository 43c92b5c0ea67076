-- Meters count Wh or mL: what may be either is a quantity. Exact amounts and the remainder an account
-- carries are pico-yuan, which both Wh x micro-yuan/kWh (nano) and mL x micro-yuan/m3 (pico) reach.
--
-- An exact amount is two numbers, so that it stays within bigint: picos = amount_nanos x 1,000 +
-- amount_picos_rest, the rest 0 .. 999. The last number of a line is quantity x price_micros:
-- nano-yuan of electricity, pico-yuan of water.
ALTER TABLE accounts ALTER COLUMN remainder_nanos TYPE bigint USING remainder_nanos * 1000;
ALTER TABLE accounts RENAME COLUMN remainder_nanos TO remainder_picos;

ALTER TABLE tier_counters RENAME COLUMN energy TO used;
ALTER TABLE tier_counters RENAME CONSTRAINT ck_tier_counters_energy TO ck_tier_counters_used;

-- By a change of type, because rows of charges are never updated.
ALTER TABLE charges DROP CONSTRAINT ck_charges_arithmetic;
ALTER TABLE charges
    ADD COLUMN amount_picos_rest integer NOT NULL DEFAULT 0,
    ALTER COLUMN remainder_before_nanos TYPE bigint USING remainder_before_nanos * 1000,
    ALTER COLUMN remainder_after_nanos TYPE bigint USING remainder_after_nanos * 1000;
ALTER TABLE charges RENAME COLUMN energy TO quantity;
ALTER TABLE charges RENAME CONSTRAINT ck_charges_energy TO ck_charges_quantity;
ALTER TABLE charges RENAME COLUMN tier_energy_before TO tier_quantity_before;
ALTER TABLE charges RENAME COLUMN tier_energy_after TO tier_quantity_after;
ALTER TABLE charges RENAME COLUMN remainder_before_nanos TO remainder_before_picos;
ALTER TABLE charges RENAME COLUMN remainder_after_nanos TO remainder_after_picos;
-- amount_micros x 1,000,000 + remainder after = exact amount + remainder before, without leaving bigint.
ALTER TABLE charges
    ADD CONSTRAINT ck_charges_amount_picos_rest CHECK (amount_picos_rest BETWEEN 0 AND 999),
    ADD CONSTRAINT ck_charges_arithmetic CHECK
        ((amount_micros * 1000 - amount_nanos) * 1000 + remainder_after_picos
         = amount_picos_rest + remainder_before_picos);
