import { useState, useSyncExternalStore } from 'react';
import { formatYuanFen, formatYuanFloor, hoursLeft } from '../core/money';
import { formatClock } from '../core/time';
import { FeeState, type GetOverviewResponse } from '../gen/prepay/account/v1/account_pb';
import { History } from './history';
import { PaySection } from './pay_section';
import { PaymentFlow } from './payment';
import type { TenantClient } from './tenant';
import { useText, type PhoneKey } from './text';
import { useTenant, type TenantData } from './use_tenant';

const meanOverDays = 14;

function Head({ overview, onLanguage }: { overview: GetOverviewResponse | null; onLanguage: () => void }) {
    const { t, locale } = useText();
    return (
        <header>
            <div>
                <strong>{overview?.rooms.map((room) => room.displayName).join(', ') || '\u00a0'}</strong>
                <span>{overview?.siteName}</span>
            </div>
            <button type="button" lang={locale === 'zh' ? 'en' : 'zh'} onClick={onLanguage}>{t('language.other')}</button>
        </header>
    );
}

/** Whole days from two days on, hours below: "0 days" would say that nothing is left. */
export function Lasts({ hours, owing }: { hours: number | null; owing: boolean }) {
    const { t } = useText();
    const days = Math.floor((hours ?? 0) / 24);
    const text = () => {
        if (owing) return t('days.none');
        if (hours === null) return t('days.unknown');
        if (days > 99) return t('days.many');
        if (days >= 2) return t('days.left', { days });
        return hours >= 1 ? t('days.hours', { hours }) : t('days.last_hour');
    };
    return <p className="days">{text()}</p>;
}

function Balance({ data }: { data: TenantData }) {
    const { t, lookUp } = useText();
    const { overview } = data;
    const zone = overview?.timeZone ?? 'UTC';
    const uses = data.days?.slice(-(meanOverDays + 1));
    const account = overview?.account;
    if (!account || !overview) return <section className="balance loading" aria-busy="true"><i /><i /></section>;
    const fee = FeeState[account.feeState]?.toLowerCase() ?? 'normal';
    const past = uses?.slice(0, -1).filter((day, i, all) => day.amountMicros > 0n || all.slice(0, i).some((d) => d.amountMicros > 0n)) ?? [];
    const today = uses?.[uses.length - 1]?.amountMicros;
    return (
        <section className={`balance fee-${fee}`} aria-label={t('balance')}>
            <h1>{t('balance')}</h1>
            <p className={account.balanceMicros < 0n ? 'amount negative' : 'amount'}>{formatYuanFloor(account.balanceMicros)}</p>
            {uses ? <Lasts owing={account.balanceMicros <= 0n} hours={hoursLeft(account.balanceMicros, past.map((day) => day.amountMicros))} /> : <p className="days" aria-busy="true">…</p>}
            <p className="fee">{lookUp(`fee.${fee}`)}{account.keepPower && ` · ${t('keep_power')}`}</p>
            <dl>
                <div><dt>{t('today')}</dt><dd>{today === undefined ? '–' : formatYuanFen(today)}</dd></div>
                <div><dt>{t('as_of')}</dt><dd>{formatClock(data.asOfMs, zone)}</dd></div>
            </dl>
        </section>
    );
}

function Trouble({ data, onRetry }: { data: TenantData; onRetry: () => void }) {
    const { t, lookUp } = useText();
    if (!data.failure) return null;
    const text = lookUp(`reason.${data.failure.reason}`) ?? (data.overview ? t('offline.stale') : t('offline'));
    return (
        <div className="trouble" role="alert">
            <span>{text}</span>
            <button type="button" onClick={onRetry}>{t('retry')}</button>
        </div>
    );
}

/** The tenant's page: balance on top, pay below it, then what was used and paid. */
export function PhonePage({ client, onLanguage }: { client: TenantClient; onLanguage: () => void }) {
    const { t } = useText();
    const { data, reload } = useTenant(client);
    const [flow] = useState(() => new PaymentFlow(client, () => reload()));
    const payment = useSyncExternalStore(flow.subscribe, flow.get);
    if (data.refused) {
        return (
            <main className="notice">
                <h1>{t('link.expired' satisfies PhoneKey)}</h1>
                <p>{t('link.missing.hint')}</p>
            </main>
        );
    }
    const refused = payment.kind === 'create-failed' && payment.failure.reason === 'ACCOUNT_CLOSED';
    if (refused || data.failure?.reason === 'ACCOUNT_CLOSED') {
        const underway = payment.kind === 'checking' || payment.kind === 'credited' || payment.kind === 'ended';
        return (
            <main className="notice">
                <h1>{t('closed')}</h1>
                <p>{t('closed.hint')}</p>
                {underway && <PaySection flow={flow} payment={payment} ready={false} />}
            </main>
        );
    }
    return (
        <main>
            <Head overview={data.overview} onLanguage={onLanguage} />
            <Trouble data={data} onRetry={reload} />
            <Balance data={data} />
            <PaySection flow={flow} payment={payment} ready={data.overview !== null} />
            <History data={data} />
        </main>
    );
}
