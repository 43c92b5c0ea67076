-- A way out of suspense. What is settled is a source of its own in the ledger. NOT VALID: the new rule
-- allows all that the old one did, so no row needs to be read again while the ledger is locked.
ALTER TABLE entries DROP CONSTRAINT ck_entries_source_kind;
ALTER TABLE entries ADD CONSTRAINT ck_entries_source_kind
    CHECK (source_kind IN ('charge', 'order', 'transaction', 'settlement')) NOT VALID;

-- Provider payments in suspense, written with their posting. No foreign key points here: its check
-- would have to lock rows that nobody may update.
CREATE TABLE suspense_items (
    provider_transaction_id text        NOT NULL,
    item_no                 bigint      GENERATED ALWAYS AS IDENTITY,
    order_id                text        NOT NULL,
    amount_micros           bigint      NOT NULL,
    reason                  text        NOT NULL,
    receive_time            timestamptz NOT NULL,
    CONSTRAINT pk_suspense_items PRIMARY KEY (provider_transaction_id),
    CONSTRAINT uq_suspense_items_item_no UNIQUE (item_no),
    CONSTRAINT fk_suspense_items_order_id FOREIGN KEY (order_id) REFERENCES orders (order_id),
    CONSTRAINT ck_suspense_items_amount CHECK (amount_micros > 0)
);
CREATE INDEX ix_suspense_items_order_id ON suspense_items (order_id);

-- How each of them ended, written with its posting. The key is the promise of one end only.
CREATE TABLE suspense_settlements (
    provider_transaction_id text        NOT NULL,
    outcome                 text        NOT NULL,
    account_no              bigint,
    order_id                text,
    settle_time             timestamptz NOT NULL,
    settle_user             text        NOT NULL,
    note                    text        NOT NULL DEFAULT '',
    CONSTRAINT pk_suspense_settlements PRIMARY KEY (provider_transaction_id),
    CONSTRAINT uq_suspense_settlements_order_id UNIQUE (order_id),
    CONSTRAINT fk_suspense_settlements_account_no FOREIGN KEY (account_no) REFERENCES accounts (account_no),
    CONSTRAINT fk_suspense_settlements_order_id FOREIGN KEY (order_id) REFERENCES orders (order_id),
    CONSTRAINT ck_suspense_settlements_outcome CHECK (outcome IN ('credit-account', 'paid-back')),
    CONSTRAINT ck_suspense_settlements_credit CHECK ((outcome = 'credit-account') = (account_no IS NOT NULL)
        AND (account_no IS NULL) = (order_id IS NULL))
);

-- What is in suspense already. A dispute is written at its order; the source time of any other
-- posting is its order's creation. Two postings of one transaction, which only a provider that
-- contradicts itself could cause, become one item.
INSERT INTO suspense_items (provider_transaction_id, order_id, amount_micros, reason, receive_time)
SELECT e.source_id, min(o.order_id), sum(e.amount_micros),
       coalesce(min(o.failure_reason) FILTER (WHERE o.provider_transaction_id = e.source_id), 'ORDER_PAID_TWICE'),
       min(e.post_time)
FROM entries e JOIN accounts a USING (account_no)
JOIN LATERAL (
    SELECT order_id, provider_transaction_id, failure_reason FROM orders
    WHERE provider_transaction_id = e.source_id
        OR (create_time = e.source_time AND site_id = a.site_id AND kind = 'wechat-top-up')
    ORDER BY (provider_transaction_id IS NOT DISTINCT FROM e.source_id) DESC LIMIT 1
) o ON true
WHERE e.source_kind = 'transaction'
GROUP BY e.source_id
ORDER BY min(e.post_time);

REVOKE UPDATE, DELETE, TRUNCATE ON suspense_items, suspense_settlements FROM CURRENT_USER;
