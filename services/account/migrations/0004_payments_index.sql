-- What was paid, without reading through an account's charges: a few rows a month and account.
CREATE INDEX ix_entries_payments ON entries (account_no, account_version) WHERE source_kind <> 'charge';
