import { createClient } from '@connectrpc/connect';
import { AccountService } from '../gen/prepay/account/v1/account_pb';
import { AlarmService } from '../gen/prepay/alarm/v1/alarm_pb';
import { BillingService } from '../gen/prepay/billing/v1/billing_pb';
import { AuthService } from '../gen/prepay/console/v1/console_pb';
import { MeteringService } from '../gen/prepay/metering/v1/metering_pb';
import { ReportingService } from '../gen/prepay/reporting/v1/reporting_pb';
import { SchedulerService } from '../gen/prepay/scheduler/v1/scheduler_pb';
import { transport } from './session';

export const accounts = createClient(AccountService, transport);
export const alarms = createClient(AlarmService, transport);
export const billing = createClient(BillingService, transport);
export const auth = createClient(AuthService, transport);
export const metering = createClient(MeteringService, transport);
export const reporting = createClient(ReportingService, transport);
export const scheduler = createClient(SchedulerService, transport);

/** Streams stay open as long as somebody looks at them. */
export const noTimeout = { timeoutMs: 0 };
