-- Mails to the customer's own address carry the tenant's link; copies to others do not.
ALTER TABLE notifications ADD COLUMN to_customer boolean NOT NULL DEFAULT false;
